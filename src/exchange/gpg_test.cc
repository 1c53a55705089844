#include "exchange/gpg.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

const std::string good =
    "[GNUPG:] DECRYPTION_INFO 2 9 0\n[GNUPG:] GOODSIG 0123456789ABCDEF ops\n[GNUPG:] VALIDSIG "
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 2026-11-21 1795000000 0 4 0 1 10 00 "
    "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\n";
const std::string trusted = "[GNUPG:] TRUST_ULTIMATE 0 pgp\n", decrypted = "[GNUPG:] DECRYPTION_OKAY\n";

Code code_of(const std::string& status, int exit) {
  const auto judged = judge_gpg_status(status, exit);
  return judged.ok() ? Code::Exists : judged.error().code();
}

TEST(GpgStatus, a_good_signature_names_its_key_and_says_whether_it_is_trusted) {
  const GpgOpened opened = judge_gpg_status(good + trusted + decrypted, 0).value();
  ASSERT_TRUE(opened.signature);
  EXPECT_EQ(opened.signature->fingerprint, std::string(40, 'A'));
  EXPECT_EQ(opened.signature->primary, std::string(40, 'B'));
  EXPECT_TRUE(opened.signature->is_trusted);
  EXPECT_TRUE(opened.was_encrypted);
  EXPECT_FALSE(
      judge_gpg_status(good + "[GNUPG:] TRUST_UNDEFINED 0 pgp\n" + decrypted, 0).value().signature->is_trusted);
}

TEST(GpgStatus, without_a_signature_there_is_none) {
  EXPECT_FALSE(judge_gpg_status(decrypted, 0).value().signature);
}

TEST(GpgStatus, what_is_not_good_is_an_error_whatever_the_exit_status) {
  for (const char* bad : {"BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"})
    for (const int exit : {0, 1, 2})
      EXPECT_EQ(code_of(std::string("[GNUPG:] ") + bad + " 0123456789ABCDEF x\n" + decrypted, exit), Code::KeyMissing)
          << bad;
  EXPECT_EQ(code_of("[GNUPG:] NO_SECKEY 0123456789ABCDEF\n", 2), Code::KeyMissing);
  EXPECT_EQ(code_of("[GNUPG:] DECRYPTION_FAILED\n", 2), Code::Corrupt);
  EXPECT_EQ(code_of(good + trusted + decrypted, 2), Code::Failed);
  EXPECT_EQ(code_of(good + good + trusted + decrypted, 0), Code::KeyMissing);
  EXPECT_EQ(code_of("[GNUPG:] GOODSIG 0123456789ABCDEF ops\n" + decrypted, 0), Code::KeyMissing);
}

TEST(GpgStatus, lines_of_others_are_not_its_judgement) {
  EXPECT_FALSE(judge_gpg_status("gpg: [GNUPG:] GOODSIG 0 x\n " + good.substr(0, 9) + decrypted, 0).value().signature);
}

TEST(OpenPgp, messages_are_told_from_what_else_is_imported) {
  EXPECT_TRUE(looks_like_openpgp(as_bytes("\x85\x01\x0c")));
  EXPECT_TRUE(looks_like_openpgp(as_bytes("-----BEGIN PGP MESSAGE-----\n")));
  for (const std::string_view other :
       {"PGDMP", "\x1f\x8b\x08", "SQLite format 3", "create table", "\x28\xb5\x2f\xfd", "BZh9", ""})
    EXPECT_FALSE(looks_like_openpgp(as_bytes(other))) << other;
}

}  // namespace
}  // namespace hf
