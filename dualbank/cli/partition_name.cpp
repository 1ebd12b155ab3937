#include "dualbank/cli/partition_name.hpp"

#include "dualbank/cli/numbers.hpp"
#include "dualbank/formats/partition_words.hpp"

namespace dualbank::cli {

std::string partition_type_name(const Partition& partition) {
  const char* word = partition_type_word(partition.type);
  return word == nullptr ? hex_text(partition.type) : word;
}

std::string partition_subtype_name(const Partition& partition) {
  const char* word = partition_subtype_word(partition.type, partition.subtype);
  return word == nullptr ? hex_text(partition.subtype) : word;
}

}  // namespace dualbank::cli
