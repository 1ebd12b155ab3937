#include "dualbank/engine/signature_guard.hpp"

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/image_walk.hpp"
#include "dualbank/engine/length_reader.hpp"

namespace dualbank {
namespace {

constexpr std::size_t kSmallestBuffer = 64;

using BlockBytes = std::array<std::byte, kSignatureBlockBytes>;

Event read_block(Flash& flash, std::uint32_t sector_address, std::uint32_t index, BlockBytes& bytes,
                 SignatureBlock& block) {
  if (const Event e = read_flash(flash, sector_address + index * kSignatureBlockBytes, bytes); e.failed()) return e;
  block = SignatureBlock::parse(bytes);
  return kDone;
}

/// Where the sector stands behind an image of which nothing is known; 0 where it has no place.
Event find_sector(Flash& flash, const Extent& slot, std::uint32_t& at) {
  at = 0;
  LengthReader length;
  while (!length.known()) {
    std::array<std::byte, kImageHeaderBytes> raw;
    const MutableBytes bytes = MutableBytes{raw}.first(length.wanted().length());
    if (const Event e = read_flash(flash, slot.offset + length.wanted().from, bytes); e.failed()) return e;
    if (!length.take(bytes, slot.size_bytes)) return kDone;
  }
  const std::uint32_t end = signed_bytes_of(length.length_bytes());
  if (end <= slot.size_bytes && kSignatureBlocksBytes <= slot.size_bytes - end) at = end;
  return kDone;
}

/// Of several blocks, what is told: what is wrong with one that would count says more than that another one does not.
void keep(Event& told, bool& told_of_trusted, const Event& found, bool trusted) {
  if (told != kDone && (told_of_trusted || !trusted)) return;
  told = found;
  told_of_trusted = trusted;
}

/// Hashes all that it reads, in order.
class HashedSource {
 public:
  HashedSource(Flash& flash, const Extent& slot, MutableBytes buffer) : flash_(flash), slot_(slot), buffer_(buffer) {}

  Event take(MutableBytes out) {
    if (const Event e = read_flash(flash_, slot_.offset + at_, out); e.failed()) return e;
    hash_.update(out);
    at_ += static_cast<std::uint32_t>(out.size());
    return kDone;
  }
  Event load(MutableBytes place) { return take(place); }
  Event pass(std::uint32_t size_bytes) {
    while (size_bytes > 0) {
      const MutableBytes piece = buffer_.size() < size_bytes ? buffer_ : buffer_.first(size_bytes);
      if (const Event e = take(piece); e.failed()) return e;
      size_bytes -= static_cast<std::uint32_t>(piece.size());
    }
    return kDone;
  }
  [[nodiscard]] std::uint32_t at() const { return at_; }
  [[nodiscard]] Sha256Digest finish() { return hash_.finish(); }

 private:
  Flash& flash_;
  const Extent& slot_;
  MutableBytes buffer_;
  std::uint32_t at_ = 0;
  Sha256 hash_{};
};

}  // namespace

struct SignatureGuard::Anchor {
  Sha256Digest key{};
  std::uint32_t blocks = kMostSignatureBlocks;  // how many of the new image's count
};

Event SignatureGuard::find_anchor(Flash& flash, const Extent& running, Anchor& anchor) const {
  if (!trust_.by_running_image) return kDone;
  anchor.blocks = 1;
  std::uint32_t at = 0;
  if (running.present()) {
    if (const Event e = find_sector(flash, running, at); e.failed()) return e;
  }
  for (std::uint32_t i = 0; at != 0 && i < kMostSignatureBlocks; ++i) {
    BlockBytes bytes;
    SignatureBlock block;
    if (const Event e = read_block(flash, running.offset + at, i, bytes, block); e.failed()) return e;
    if (block.scheme == SignatureScheme::none) continue;
    anchor.key = block.key_digest();
    return kDone;
  }
  return {Status::signature_no_anchor};
}

Event SignatureGuard::digest(Flash& flash, const Extent& slot, bool sha384, MutableBytes buffer,
                             SignedDigests& digests) const {
  Sha256 hash;
  digests.has_sha384 = sha384 && verifier_->begin_sha384();
  for (std::uint32_t at = 0; at < signed_bytes_;) {
    const std::uint32_t left = signed_bytes_ - at;
    const MutableBytes piece = buffer.size() < left ? buffer : buffer.first(left);
    if (const Event e = read_flash(flash, slot.offset + at, piece); e.failed()) return e;
    hash.update(piece);
    if (digests.has_sha384) verifier_->update_sha384(piece);
    at += static_cast<std::uint32_t>(piece.size());
  }
  digests.sha256 = hash.finish();
  digests.has_sha384 = digests.has_sha384 && verifier_->finish_sha384(digests.sha384);
  return kDone;
}

Event SignatureGuard::check(Flash& flash, const GuardedImage& image, MutableBytes buffer) {
  const std::uint32_t end = signed_bytes_of(image.length_bytes);
  const bool room = end <= image.slot.size_bytes && kSignatureBlocksBytes <= image.slot.size_bytes - end;
  signed_bytes_ = room ? end : 0;
  std::array<std::byte, kSmallestBuffer> own;
  if (buffer.size() < own.size()) buffer = own;
  Anchor anchor;
  const Event anchored = find_anchor(flash, image.running, anchor);
  if (anchored.failed() && anchored.code != Status::signature_no_anchor) return anchored;
  Event told = kDone;
  bool told_of_trusted = false;
  bool digested = false;
  SignedDigests digests;
  for (std::uint32_t i = 0; room && i < kMostSignatureBlocks; ++i) {
    BlockBytes bytes;
    SignatureBlock block;
    if (const Event e = read_block(flash, image.slot.offset + end, i, bytes, block); e.failed()) return e;
    if (!block.begun) continue;
    if (anchored.failed()) {
      told = anchored;
      break;
    }
    if (i >= anchor.blocks) {
      keep(told, told_of_trusted, {Status::signature_untrusted, {i, 0, 0}}, false);
      break;
    }
    if (block.scheme == SignatureScheme::none) {
      keep(told, told_of_trusted, {Status::signature_damaged, {i, 0, 0}}, false);
      continue;
    }
    const Sha256Digest key = block.key_digest();
    if (trust_.by_running_image ? key != anchor.key : !trust_.trusts(key)) {
      keep(told, told_of_trusted, {Status::signature_untrusted, {i, 0, 0}}, false);
      continue;
    }
    const bool sha384 = block.scheme == SignatureScheme::ecdsa_p384;
    if (!digested || (sha384 && !digests.has_sha384)) {
      if (const Event e = digest(flash, image.slot, sha384, buffer, digests); e.failed()) return e;
      digested = true;
    }
    const Event found = check_signature(block, i, digests, *verifier_);
    if (!found.failed()) {
      allowed_ = digests.sha256;
      return kDone;
    }
    keep(told, told_of_trusted, found, true);
  }
  signed_bytes_ = 0;
  if (told == kDone && trust_.refuse_unsigned) return {Status::signature_missing};
  return told;
}

Result<std::uint32_t> SignatureGuard::load(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions,
                                           MutableBytes buffer) {
  if (signed_bytes_ == 0) return load_image(flash, slot, regions);
  std::array<std::byte, kSmallestBuffer> own;
  if (buffer.size() < own.size()) buffer = own;
  HashedSource source{flash, slot, buffer};
  const Result<std::uint32_t> entry = walk_image(source, signed_bytes_, regions);
  if (!entry) return entry;
  if (const Event e = source.pass(signed_bytes_ - source.at()); e.failed()) return e;
  if (source.finish() != allowed_) return {Status::image_hash_mismatch, signed_bytes_};
  return entry;
}

}  // namespace dualbank
