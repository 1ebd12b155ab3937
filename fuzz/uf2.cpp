// UF2 files of any bytes, and of any image: pieces lie in the file, one behind the other, and make the image again.
#include "dualbank/formats/uf2.hpp"

#include <algorithm>
#include <vector>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

std::vector<std::byte> together(Uf2Reader& reader, Bytes file) {
  std::vector<std::byte> all;
  for (Uf2Piece piece = reader.next(); !piece.payload.empty(); piece = reader.next()) {
    require(
        piece.payload.data() >= file.data() && piece.payload.data() + piece.payload.size() <= file.data() + file.size(),
        "a piece lies in the file");
    require(piece.offset == all.size(), "pieces come without gaps");
    all.insert(all.end(), piece.payload.begin(), piece.payload.end());
  }
  require(all.size() == reader.total_bytes(), "the pieces are all of it");
  return all;
}

}  // namespace

void uf2(Bytes input) {
  if (auto reader = Uf2Reader::open(input)) {
    Uf2Reader pieces = *reader;
    const auto once = together(pieces, input);
    pieces.rewind();
    require(together(pieces, input) == once, "the same again");
  }
  std::vector<std::byte> file(uf2_bytes_needed(static_cast<std::uint32_t>(input.size())));
  const auto written = write_uf2(input, 0, file);
  if (!written) return;
  auto reader = Uf2Reader::open(file);
  require(reader.has_value(), "a file of ours is taken");
  Uf2Reader pieces = *reader;
  const auto image = together(pieces, file);
  require(image.size() >= input.size() && std::ranges::equal(input, Bytes{image}.first(input.size())),
          "and holds the image");
}

}  // namespace dualbank::fuzz
