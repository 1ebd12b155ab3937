#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

#include <mbedtls/pk.h>

#include <algorithm>
#include <array>

#include "dualbank/ports/mbedtls/mbedtls_versions.hpp"

namespace dualbank::ports {
namespace {

// In DER, because the fields of mbedTLS's structures differ from version to version.
constexpr std::size_t kMostDerBytes = 512;

class Der {
 public:
  /// Tag and length in the shortest form.
  Der& head(std::uint8_t tag, std::size_t length) {
    put(tag);
    if (length >= 0x100) {
      put(0x82);
      put(static_cast<std::uint8_t>(length >> 8));
    } else if (length >= 0x80) {
      put(0x81);
    }
    put(static_cast<std::uint8_t>(length));
    return *this;
  }
  Der& raw(Bytes bytes) {
    for (const std::byte b : bytes) put(std::to_integer<std::uint8_t>(b));
    return *this;
  }
  Der& put(std::uint8_t value) {
    bytes_[size_++] = value;
    return *this;
  }
  /// The number's bytes, the most significant first.
  Der& reversed(Bytes little_endian) {
    for (std::size_t i = little_endian.size(); i > 0; --i) put(std::to_integer<std::uint8_t>(little_endian[i - 1]));
    return *this;
  }
  /// An INTEGER that is not negative.
  Der& integer(Bytes little_endian) {
    const Bytes digits = without_leading_zeros(little_endian);
    const bool sign = needs_sign(digits);
    head(0x02, digits.size() + (sign ? 1 : 0));
    if (sign) put(0);
    return reversed(digits);
  }
  [[nodiscard]] static std::size_t integer_bytes(Bytes little_endian) {
    const Bytes digits = without_leading_zeros(little_endian);
    const std::size_t length = digits.size() + (needs_sign(digits) ? 1 : 0);
    return length + (length >= 0x100 ? 4U : length >= 0x80 ? 3U : 2U);
  }
  [[nodiscard]] const unsigned char* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static Bytes without_leading_zeros(Bytes little_endian) {
    while (little_endian.size() > 1 && little_endian.back() == std::byte{0}) {
      little_endian = little_endian.first(little_endian.size() - 1);
    }
    return little_endian;
  }
  static bool needs_sign(Bytes digits) { return (digits.back() & std::byte{0x80}) != std::byte{0}; }

  std::array<unsigned char, kMostDerBytes> bytes_{};
  std::size_t size_ = 0;
};

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kBitString = 0x03;
constexpr std::uint8_t kUncompressedPoint = 0x04;
constexpr std::size_t kModulusBytes = 384;
constexpr std::size_t kExponentBytes = 4;

constexpr auto bytes_of(auto... values) { return std::array<std::byte, sizeof...(values)>{std::byte(values)...}; }
// AlgorithmIdentifier of each kind of key.
constexpr auto kRsa = bytes_of(0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 5, 0);
constexpr auto kP256 = bytes_of(0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A,
                                0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07);
constexpr auto kP384 = bytes_of(0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B,
                                0x81, 0x04, 0x00, 0x22);

constexpr std::size_t head_bytes(std::size_t length) { return length >= 0x100 ? 4 : length >= 0x80 ? 3 : 2; }

// SubjectPublicKeyInfo.
void put_rsa_key(Der& der, Bytes key) {
  const Bytes n = key.first(kModulusBytes);
  const Bytes e = key.subspan(kModulusBytes, kExponentBytes);
  const std::size_t numbers = Der::integer_bytes(n) + Der::integer_bytes(e);
  const std::size_t bits = 1 + head_bytes(numbers) + numbers;
  der.head(kSequence, kRsa.size() + head_bytes(bits) + bits).raw(kRsa);
  der.head(kBitString, bits).put(0).head(kSequence, numbers).integer(n).integer(e);
}

void put_curve_key(Der& der, Bytes algorithm, Bytes key) {
  const Bytes x = key.subspan(1, key.size() / 2);
  const Bytes y = key.subspan(1 + x.size());
  const std::size_t bits = 2 + x.size() + y.size();
  der.head(kSequence, algorithm.size() + head_bytes(bits) + bits).raw(algorithm);
  der.head(kBitString, bits).put(0).put(kUncompressedPoint).reversed(x).reversed(y);
}

void put_key(Der& der, const SignatureBlock& block) {
  if (block.scheme == SignatureScheme::rsa_3072) return put_rsa_key(der, block.key());
  const bool p384 = block.scheme == SignatureScheme::ecdsa_p384;
  put_curve_key(der, p384 ? Bytes{kP384} : Bytes{kP256}, block.key());
}

void put_signature(Der& der, const SignatureBlock& block) {
  const Bytes signature = block.signature();
  if (block.scheme == SignatureScheme::rsa_3072) {
    der.reversed(signature);
    return;
  }
  const Bytes r = signature.first(signature.size() / 2);
  const Bytes s = signature.last(signature.size() / 2);
  der.head(kSequence, Der::integer_bytes(r) + Der::integer_bytes(s)).integer(r).integer(s);
}

class PublicKey {
 public:
  PublicKey() { mbedtls_pk_init(&context); }
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  ~PublicKey() { mbedtls_pk_free(&context); }
  mbedtls_pk_context context;
};

const unsigned char* characters(Bytes bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

}  // namespace

bool MbedtlsVerifier::verify(const SignatureBlock& block, Bytes digest) {
  if (!mbedtls_is_ready()) return false;
  Der key_der;
  put_key(key_der, block);
  PublicKey key;
  if (mbedtls_pk_parse_public_key(&key.context, key_der.data(), key_der.size()) != 0) return false;
  Der signature;
  put_signature(signature, block);
  if (block.scheme == SignatureScheme::rsa_3072) {
    return mbedtls_pk_get_len(&key.context) == signature.size() &&
           mbedtls_pss_is_good(mbedtls_pk_rsa(key.context), characters(digest), signature.data());
  }
  const auto hash = block.scheme == SignatureScheme::ecdsa_p384 ? MBEDTLS_MD_SHA384 : MBEDTLS_MD_SHA256;
  return mbedtls_pk_verify(&key.context, hash, characters(digest), digest.size(), signature.data(), signature.size()) ==
         0;
}

bool MbedtlsVerifier::begin_sha384() {
  mbedtls_md_free(&sha384_);
  mbedtls_md_init(&sha384_);
  const mbedtls_md_info_t* info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA384);
  sound_ = mbedtls_is_ready() && info != nullptr && mbedtls_md_setup(&sha384_, info, 0) == 0 &&
           mbedtls_md_starts(&sha384_) == 0;
  return sound_;
}

void MbedtlsVerifier::update_sha384(Bytes bytes) {
  sound_ = sound_ && mbedtls_md_update(&sha384_, characters(bytes), bytes.size()) == 0;
}

bool MbedtlsVerifier::finish_sha384(Sha384Digest& digest) {
  return sound_ && mbedtls_md_finish(&sha384_, reinterpret_cast<unsigned char*>(digest.data())) == 0;
}

}  // namespace dualbank::ports
