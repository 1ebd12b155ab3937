// Keys in PEM files, by mbedTLS: made, read, signed with. What is secret stays in here and in the file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "dualbank/cli/output.hpp"
#include "dualbank/formats/signature_block.hpp"

namespace dualbank::cli {

class SigningKey {
 public:
  /// A new one: RSA-3072, ECDSA P-256 or ECDSA P-384.
  [[nodiscard]] static SigningKey generate(SignatureScheme scheme);
  /// A private or a public key. A private one in a file that others may read draws a warning on `out`.
  /// Throws Refused: those of read_file; key_not_pem, key_encrypted, key_unsupported.
  [[nodiscard]] static SigningKey read(const std::string& path, Output& out);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) = delete;
  ~SigningKey();

  [[nodiscard]] bool is_private() const;
  [[nodiscard]] SignatureScheme scheme() const;
  /// What a block has of it (SignatureBlock::key).
  [[nodiscard]] std::vector<std::byte> block_key() const;
  [[nodiscard]] Sha256Digest digest() const { return sha256(block_key()); }
  /// As a block has it. Precondition: private; `digest` is as long as the scheme's.
  [[nodiscard]] std::vector<std::byte> sign(Bytes digest) const;

  /// Writes the private key, for its owner alone; never over another file, and with no copy beside it.
  /// Throws Refused: file_exists, file_not_writable.
  void write_private(const std::string& path) const;
  [[nodiscard]] std::vector<std::byte> public_pem() const;

 private:
  struct State;
  explicit SigningKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "rsa3072", "ecdsa256", "ecdsa384", as the vendor's tool calls them. Throws Refused (usage) for another word.
[[nodiscard]] SignatureScheme scheme_by_word(const std::string& word);
[[nodiscard]] Sha384Digest sha384(Bytes bytes);

}  // namespace dualbank::cli
