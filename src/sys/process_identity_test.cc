#include "sys/process_identity.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

TEST(ProcessIdentity, this_process_is_not_gone) {
  ASSERT_FALSE(process_identity().empty());
  EXPECT_FALSE(is_process_gone(process_identity()));
}

TEST(ProcessIdentity, a_number_used_again_is_another_process) {
  EXPECT_TRUE(is_process_gone(process_identity() + "1"));
}

TEST(ProcessIdentity, what_cannot_be_judged_counts_as_running) {
  for (const char* other : {"", "nonsense", "00000000-0000-0000-0000-000000000000/pid:[1]/1/2"})
    EXPECT_FALSE(is_process_gone(other));
}

}  // namespace
}  // namespace hf
