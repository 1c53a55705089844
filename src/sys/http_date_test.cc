#include "sys/http_date.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hf {
namespace {

TEST(HttpDate, is_read_as_the_rfc_writes_it) {
  // RFC 9110, 5.6.7.
  const WallTime time = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value();
  EXPECT_EQ(time.time_since_epoch(), std::chrono::seconds(784111777));
  EXPECT_EQ(format_http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, what_is_not_one_is_none) {
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 9994 08:49:37 GMT", "Sun, 06 XXX 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

RC_GTEST_PROP(HttpDate, what_was_written_is_read, ()) {
  const WallTime time{std::chrono::seconds(*rc::gen::inRange<int64_t>(0, 7'000'000'000))};
  RC_ASSERT(parse_http_date(format_http_date(time)) == time);
}

}  // namespace
}  // namespace hf
