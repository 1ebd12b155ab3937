#include "dualbank/cli/signing_key.hpp"

#include <fmt/format.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kRsaBytes = 384;
constexpr unsigned kRsaBits = 3072;
constexpr int kRsaExponent = 65537;
constexpr std::size_t kMostPemBytes = 8192;

// As DER has them, behind their length.
constexpr std::array<unsigned char, 8> kOidP256{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::array<unsigned char, 5> kOidP384{0x2B, 0x81, 0x04, 0x00, 0x22};

unsigned char* characters(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* characters(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }

/// The library's numbers tell nothing of a key.
void require_done(int error, const char* what) {
  if (error != 0) throw Refused("crypto_failed", fmt::format("{} failed (mbedTLS -{:#x})", what, -error));
}

class Random {
 public:
  Random() {
    mbedtls_entropy_init(&entropy_);
    mbedtls_ctr_drbg_init(&generator_);
    const int error = mbedtls_ctr_drbg_seed(&generator_, mbedtls_entropy_func, &entropy_, nullptr, 0);
    if (error != 0) free();
    require_done(error, "seeding the random numbers");
  }
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  ~Random() { free(); }
  [[nodiscard]] mbedtls_ctr_drbg_context* generator() { return &generator_; }

 private:
  void free() {
    mbedtls_ctr_drbg_free(&generator_);
    mbedtls_entropy_free(&entropy_);
  }
  mbedtls_entropy_context entropy_;
  mbedtls_ctr_drbg_context generator_;
};

class Number {
 public:
  Number() { mbedtls_mpi_init(&value); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() { mbedtls_mpi_free(&value); }
  void write(MutableBytes little_endian) const {
    require_done(mbedtls_mpi_write_binary_le(&value, characters(little_endian.data()), little_endian.size()),
                 "writing a number");
  }
  mbedtls_mpi value;
};

/// Memory that held a secret.
class Secret {
 public:
  explicit Secret(std::vector<std::byte> content) : bytes(std::move(content)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { mbedtls_platform_zeroize(bytes.data(), bytes.size()); }
  std::vector<std::byte> bytes;
};

std::vector<std::byte> reversed(Bytes bytes) { return {bytes.rbegin(), bytes.rend()}; }

/// Of an INTEGER in DER, `size` bytes little-endian; `at` moves behind it.
std::vector<std::byte> der_integer(Bytes der, std::size_t& at, std::size_t size) {
  const std::size_t length = load_u8(der, at + 1);
  Bytes digits = der.subspan(at + 2, length);
  at += 2 + length;
  if (digits.size() > size) digits = digits.last(size);  // the sign
  std::vector<std::byte> number = reversed(digits);
  number.resize(size);
  return number;
}

bool contains(Bytes bytes, std::span<const unsigned char> part) {
  const auto wanted = std::as_bytes(part);
  return !std::ranges::search(bytes, wanted).empty();
}

}  // namespace

struct SigningKey::State {
  State() { mbedtls_pk_init(&key); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { mbedtls_pk_free(&key); }

  [[nodiscard]] std::vector<std::byte> public_der() {
    std::vector<std::byte> room(kMostPemBytes);
    const int length = mbedtls_pk_write_pubkey_der(&key, characters(room.data()), room.size());
    require_done(std::min(length, 0), "writing the public key");
    room.erase(room.begin(), room.end() - length);
    return room;
  }
  void find_scheme() {
    if (mbedtls_pk_get_type(&key) == MBEDTLS_PK_RSA) {
      if (mbedtls_pk_get_bitlen(&key) == kRsaBits) scheme = SignatureScheme::rsa_3072;
      return;
    }
    if (mbedtls_pk_get_type(&key) != MBEDTLS_PK_ECKEY) return;
    const auto der = public_der();
    if (contains(der, kOidP256)) scheme = SignatureScheme::ecdsa_p256;
    if (contains(der, kOidP384)) scheme = SignatureScheme::ecdsa_p384;
  }

  mbedtls_pk_context key;
  SignatureScheme scheme = SignatureScheme::none;
  bool is_private = false;
};

SigningKey::SigningKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

bool SigningKey::is_private() const { return state_->is_private; }
SignatureScheme SigningKey::scheme() const { return state_->scheme; }

SigningKey SigningKey::generate(SignatureScheme scheme) {
  auto state = std::make_unique<State>();
  Random random;
  const bool rsa = scheme == SignatureScheme::rsa_3072;
  require_done(mbedtls_pk_setup(&state->key, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)),
               "making a key");
  const int error = rsa ? mbedtls_rsa_gen_key(mbedtls_pk_rsa(state->key), mbedtls_ctr_drbg_random, random.generator(),
                                              kRsaBits, kRsaExponent)
                        : mbedtls_ecp_gen_key(scheme == SignatureScheme::ecdsa_p384 ? MBEDTLS_ECP_DP_SECP384R1
                                                                                    : MBEDTLS_ECP_DP_SECP256R1,
                                              mbedtls_pk_ec(state->key), mbedtls_ctr_drbg_random, random.generator());
  require_done(error, "making a key");
  state->scheme = scheme;
  state->is_private = true;
  return SigningKey(std::move(state));
}

SigningKey SigningKey::read(const std::string& path, Output& out) {
  Secret pem(read_file(path));
  pem.bytes.push_back(std::byte{0});  // PEM ends with it, mbedTLS has it
  auto state = std::make_unique<State>();
  int error = mbedtls_pk_parse_key(&state->key, characters(pem.bytes.data()), pem.bytes.size(), nullptr, 0);
  state->is_private = error == 0;
  if (error == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || error == MBEDTLS_ERR_PK_PASSWORD_MISMATCH ||
      error == MBEDTLS_ERR_PEM_PASSWORD_REQUIRED) {
    throw Refused("key_encrypted", fmt::format("{} is protected by a password", path),
                  "write it without (openssl pkey -in KEY -out PLAIN), to a place that is protected itself",
                  {{"path", path}});
  }
  if (error != 0) {
    mbedtls_pk_free(&state->key);
    mbedtls_pk_init(&state->key);
    error = mbedtls_pk_parse_public_key(&state->key, characters(pem.bytes.data()), pem.bytes.size());
  }
  if (error != 0) {
    throw Refused("key_not_pem", fmt::format("{} is no key in PEM", path),
                  "dualbank keygen makes one; the vendor's tool and openssl write such too", {{"path", path}});
  }
  state->find_scheme();
  if (state->scheme == SignatureScheme::none) {
    throw Refused("key_unsupported", fmt::format("{} is a key of another kind", path),
                  "use an RSA key of 3072 bits, or ECDSA on P-256 or P-384", {{"path", path}});
  }
  struct stat info{};
  if (state->is_private && ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0077) != 0) {
    out.note("{} can be read by others than its owner: chmod 600 {}", path, path);
  }
  return SigningKey(std::move(state));
}

std::vector<std::byte> SigningKey::block_key() const {
  std::vector<std::byte> bytes(SignatureFields::of(scheme()).key_bytes);
  if (scheme() != SignatureScheme::rsa_3072) {
    const auto der = state_->public_der();  // it ends with the point: X, Y
    const std::size_t size = (bytes.size() - 1) / 2;
    const Bytes point = Bytes(der).last(2 * size);
    bytes[0] = scheme() == SignatureScheme::ecdsa_p384 ? std::byte{3} : std::byte{2};
    std::ranges::copy(reversed(point.first(size)), bytes.begin() + 1);
    std::ranges::copy(reversed(point.last(size)), bytes.begin() + 1 + static_cast<std::ptrdiff_t>(size));
    return bytes;
  }
  Number n, e, r, two_32, low, inverse, m_prime;
  require_done(mbedtls_rsa_export(mbedtls_pk_rsa(state_->key), &n.value, nullptr, nullptr, nullptr, &e.value),
               "reading the key");
  require_done(mbedtls_mpi_lset(&r.value, 1), "R");
  require_done(mbedtls_mpi_shift_l(&r.value, 2 * kRsaBits), "R");
  require_done(mbedtls_mpi_mod_mpi(&r.value, &r.value, &n.value), "R");
  require_done(mbedtls_mpi_lset(&two_32.value, 1), "M'");
  require_done(mbedtls_mpi_shift_l(&two_32.value, 32), "M'");
  require_done(mbedtls_mpi_mod_mpi(&low.value, &n.value, &two_32.value), "M'");
  require_done(mbedtls_mpi_inv_mod(&inverse.value, &low.value, &two_32.value), "M'");
  require_done(mbedtls_mpi_sub_mpi(&m_prime.value, &two_32.value, &inverse.value), "M'");
  const MutableBytes out(bytes);
  n.write(out.first(kRsaBytes));
  e.write(out.subspan(kRsaBytes, 4));
  r.write(out.subspan(kRsaBytes + 4, kRsaBytes));
  m_prime.write(out.last(4));
  return bytes;
}

std::vector<std::byte> SigningKey::sign(Bytes digest) const {
  Random random;
  std::vector<std::byte> signature(MBEDTLS_PK_SIGNATURE_MAX_SIZE);
  std::size_t length = 0;
  const bool rsa = scheme() == SignatureScheme::rsa_3072;
  if (rsa) mbedtls_rsa_set_padding(mbedtls_pk_rsa(state_->key), MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
  const auto hash = scheme() == SignatureScheme::ecdsa_p384 ? MBEDTLS_MD_SHA384 : MBEDTLS_MD_SHA256;
  require_done(mbedtls_pk_sign(&state_->key, hash, characters(digest.data()), digest.size(),
                               characters(signature.data()), &length, mbedtls_ctr_drbg_random, random.generator()),
               "signing");
  signature.resize(length);
  if (rsa) return reversed(signature);
  const std::size_t size = SignatureFields::of(scheme()).signature_bytes / 2U;
  std::size_t at = 2;  // a sequence of at most 127 bytes
  std::vector<std::byte> both = der_integer(signature, at, size);
  const auto s = der_integer(signature, at, size);
  both.insert(both.end(), s.begin(), s.end());
  return both;
}

void SigningKey::write_private(const std::string& path) const {
  Secret room{std::vector<std::byte>(kMostPemBytes)};
  require_done(mbedtls_pk_write_key_pem(&state_->key, characters(room.bytes.data()), room.bytes.size()),
               "writing the key");
  const auto end = std::ranges::find(room.bytes, std::byte{0});
  write_owners_file(path, Bytes(room.bytes).first(static_cast<std::size_t>(end - room.bytes.begin())));
}

std::vector<std::byte> SigningKey::public_pem() const {
  std::vector<std::byte> room(kMostPemBytes);
  require_done(mbedtls_pk_write_pubkey_pem(&state_->key, characters(room.data()), room.size()),
               "writing the public key");
  room.erase(std::ranges::find(room, std::byte{0}), room.end());
  return room;
}

SignatureScheme scheme_by_word(const std::string& word) {
  if (word == "rsa3072") return SignatureScheme::rsa_3072;
  if (word == "ecdsa256") return SignatureScheme::ecdsa_p256;
  if (word == "ecdsa384") return SignatureScheme::ecdsa_p384;
  throw Refused::usage("unknown_scheme", fmt::format("there is no scheme '{}'", word),
                       "use rsa3072, ecdsa256 or ecdsa384", {{"scheme", word}});
}

Sha384Digest sha384(Bytes bytes) {
  Sha384Digest digest{};
  require_done(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA384), characters(bytes.data()), bytes.size(),
                          characters(digest.data())),
               "SHA-384");
  return digest;
}

}  // namespace dualbank::cli
