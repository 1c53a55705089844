#include "keys/fingerprint.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

KeyRing ring_of(unsigned char byte) {
  return KeyRing(RootKey::take(std::vector<unsigned char>(32, byte)), RepositoryId{});
}

Bytes of(const KeyRing& ring, std::string_view name, std::string_view value) {
  return fingerprint_of(ring, name, as_bytes(value)).value();
}

TEST(Fingerprint, the_same_value_of_the_same_name_gives_the_same) {
  const KeyRing ring = ring_of(1);
  EXPECT_EQ(of(ring, "A", "value"), of(ring_of(1), "A", "value"));
  EXPECT_EQ(of(ring, "A", "value").size(), 16u);
}

TEST(Fingerprint, another_value_name_or_repository_gives_another) {
  const KeyRing ring = ring_of(1);
  const Bytes first = of(ring, "A", "value");
  EXPECT_NE(first, of(ring, "A", "other"));
  EXPECT_NE(first, of(ring, "B", "value"));
  EXPECT_NE(first, of(ring_of(2), "A", "value"));
}

}  // namespace
}  // namespace hf
