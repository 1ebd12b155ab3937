#include <fmt/format.h>

#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signing_key.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

int run(Context& context) {
  const std::string path = context.args.operand("KEY").value();
  const SignatureScheme scheme = scheme_by_word(context.args.value("--scheme").value_or("rsa3072"));
  if (path_exists(path)) {
    throw Refused("file_exists", fmt::format("{} is there already", path), "name another file: a key is never replaced",
                  {{"path", path}});
  }
  const auto public_path = context.args.value("--public");
  const SigningKey key = SigningKey::generate(scheme);
  if (public_path) write_file(*public_path, key.public_pem(), false);
  key.write_private(path);
  Json& result = context.out.result();
  result["path"] = path;
  result["public"] = public_path ? Json(*public_path) : Json(nullptr);
  result["scheme"] = scheme_name(scheme);
  result["key_digest"] = digest_text(key.digest());
  context.out.done("{}: a new key, {}", path, scheme_name(scheme));
  context.out.done("  digest  {}", digest_text(key.digest()));
  context.out.note("Keep it where only you can read it, and a copy: what it has not signed no board will take.");
  return kDone;
}

constexpr std::array kOperands{Operand{"KEY", Takes::new_file, "where the private key goes, in PEM"}};
constexpr std::array kOptions{Option{"--scheme", "SCHEME", Takes::scheme, "rsa3072 (default), ecdsa256 or ecdsa384"},
                              Option{"--public", "FILE", Takes::new_file, "write the public key too, in PEM"}};
constexpr std::array<std::string_view, 2> kExamples{"dualbank keygen key.pem",
                                                    "dualbank keygen key.pem --scheme ecdsa256 --public key.pub.pem"};

}  // namespace

const Verb kKeygenVerb{
    "keygen",
    Group::files,
    "make a key to sign firmware with",
    "The file is for its owner alone, has no password and never replaces another. The digest is what a board that "
    "trusts "
    "the key knows of it.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
