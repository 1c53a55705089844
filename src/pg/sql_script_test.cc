#include "pg/sql_script.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "pg/words.h"

namespace hf {
namespace {

struct Kept final : SqlScriptVisitor {
  Status statement(const SqlEntry& entry, std::string_view text) override {
    statements.emplace_back(text);
    entries.push_back(entry);
    return {};
  }
  Status rows(BytesView bytes) override {
    statements.push_back("row " + to_text(bytes));
    return {};
  }
  Status rows_end() override {
    statements.emplace_back("end of rows");
    return {};
  }
  std::vector<std::string> statements;
  std::vector<SqlEntry> entries;
};

std::vector<std::string> cut(std::string_view text) {
  Kept kept;
  SqlScript script(kept);
  EXPECT_TRUE(script.feed(as_bytes(text)).ok());
  const Status end = script.finish();
  EXPECT_TRUE(end.ok()) << end.error().message();
  return kept.statements;
}
using Texts = std::vector<std::string>;

TEST(SqlScript, semicolons_end_statements_and_comments_are_left_out) {
  EXPECT_EQ(cut("-- a; comment\nSET a = 1;\n\nSELECT 1; SELECT 2;\n"), (Texts{"SET a = 1", "SELECT 1", "SELECT 2"}));
  EXPECT_EQ(cut("SELECT 1 -- no; end\n+ 2;\n"), (Texts{"SELECT 1 \n+ 2"}));
  EXPECT_EQ(cut("SELECT /* ; /* ; */ ; */ 1;\n"), (Texts{"SELECT /* ; /* ; */ ; */ 1"}));
}

TEST(SqlScript, comments_between_statements_are_left_out_however_they_are_written) {
  EXPECT_EQ(cut("SELECT 1;\n/* done */\n"), Texts{"SELECT 1"});
  EXPECT_EQ(cut("SELECT 1; /* done */"), Texts{"SELECT 1"});
  EXPECT_EQ(cut("SELECT 1;\n/* two\nlines; /* and one\nwithin */ 'it''s' $$ */\n\n-- end"), Texts{"SELECT 1"});
  EXPECT_EQ(cut("/* only */"), Texts{});
  EXPECT_EQ(cut("/**//***/ /* * / /* ** */ */;\n"), Texts{});
  // They hide nothing of what comes after them.
  EXPECT_EQ(cut("/* rows */ COPY t FROM stdin;\n1\n\\.\nSELECT 1;\n"),
            (Texts{"COPY t FROM stdin", "row 1\n", "end of rows", "SELECT 1"}));
  const std::string body = "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC\nSELECT 1; /* in it */ SELECT 2;\nEND";
  EXPECT_EQ(cut("/* a function; of two statements */\n" + body + ";\nSELECT 1;\n"), (Texts{body, "SELECT 1"}));
  Kept kept;
  SqlScript script(kept);
  ASSERT_TRUE(script.feed(as_bytes("/* head */\n-- Name: a; Type: TABLE; Schema: s; Owner: o\nSELECT 1;\n")).ok());
  ASSERT_EQ(kept.entries.size(), 1u);
  EXPECT_EQ(kept.entries[0].name, "a");
}

TEST(SqlScript, a_comment_that_is_open_at_the_end_is_cut) {
  for (const char* text : {"SELECT 1;\n/* never ended", "/*", "/* a /* b */ still open\n", "/* a */ /* b",
                           "SELECT /* 1;\n", "/* a */ SELECT 1", "/*/ SELECT 1;\n"}) {
    Kept kept;
    SqlScript script(kept);
    ASSERT_TRUE(script.feed(as_bytes(text)).ok());
    const Status end = script.finish();
    ASSERT_FALSE(end.ok()) << text;
    EXPECT_EQ(end.error().code(), Code::Corrupt);
  }
}

TEST(SqlScript, semicolons_in_quotes_of_any_kind_end_nothing) {
  EXPECT_EQ(cut("SELECT 'it''s; x', \"odd; \"\"name\";\n"), (Texts{"SELECT 'it''s; x', \"odd; \"\"name\""}));
  EXPECT_EQ(cut("SELECT E'a\\'; b', e'c''; d\\\\';\n"), (Texts{"SELECT E'a\\'; b', e'c''; d\\\\'"}));
  EXPECT_EQ(cut("SELECT 'plain \\';\n"), (Texts{"SELECT 'plain \\'"}));
  EXPECT_EQ(cut("SELECT $$a; 'b$$, $x$ $$; $y$; $x$;\n"), (Texts{"SELECT $$a; 'b$$, $x$ $$; $y$; $x$"}));
  EXPECT_EQ(cut("SELECT $1, a$b$c;\n"), (Texts{"SELECT $1, a$b$c"}));
  EXPECT_EQ(cut("COMMENT ON x IS 'two\n\\connect evil\n-- Name: no; Type: TABLE; Schema: x; Owner: y\nlines;';\n"),
            (Texts{"COMMENT ON x IS 'two\n\\connect evil\n-- Name: no; Type: TABLE; Schema: x; Owner: y\nlines;'"}));
}

TEST(SqlScript, bodies_of_functions_and_brackets_keep_their_semicolons) {
  const std::string body =
      "CREATE FUNCTION public.f() RETURNS integer\n    BEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 ELSE 2 END;\n "
      "SELECT 2;\nEND";
  EXPECT_EQ(cut(body + ";\nSELECT 1;\n"), (Texts{body, "SELECT 1"}));
  EXPECT_EQ(cut("CREATE FUNCTION public.begin() RETURNS int AS 'x';\nSELECT 1;\n"),
            (Texts{"CREATE FUNCTION public.begin() RETURNS int AS 'x'", "SELECT 1"}));
  EXPECT_EQ(cut("BEGIN;\nCOMMIT;\n"), (Texts{"BEGIN", "COMMIT"}));
  EXPECT_EQ(cut("CREATE RULE r AS ON INSERT TO q DO ( SELECT 1;\n SELECT 2;\n);\n"),
            (Texts{"CREATE RULE r AS ON INSERT TO q DO ( SELECT 1;\n SELECT 2;\n)"}));
}

TEST(SqlScript, rows_of_copy_are_handed_over_as_they_stand) {
  EXPECT_EQ(cut("COPY public.t (a, b) FROM stdin;\n1\t';\n\\\\.\n\\.\n\nSELECT 1;\n"),
            (Texts{"COPY public.t (a, b) FROM stdin", "row 1\t';\n", "row \\\\.\n", "end of rows", "SELECT 1"}));
}

TEST(SqlScript, what_psql_would_do_is_not_done) {
  EXPECT_EQ(cut("\\restrict abc\n\\connect other\n\\! touch /tmp/x\nSELECT 1;\n\\unrestrict abc\n"), Texts{"SELECT 1"});
}

TEST(SqlScript, comments_of_an_archive_say_what_a_statement_is_of) {
  Kept kept;
  SqlScript script(kept);
  ASSERT_TRUE(script
                  .feed(as_bytes("SET a = 1;\n--\n-- Name: odd; Type: x; Type: FK CONSTRAINT; Schema: s p; Owner: o\n"
                                 "--\n\nALTER TABLE x;\n"))
                  .ok());
  ASSERT_EQ(kept.entries.size(), 2U);
  EXPECT_EQ(kept.entries[0].type, "");
  EXPECT_EQ(kept.entries[1].type, "FK CONSTRAINT");
  EXPECT_EQ(kept.entries[1].schema, "s p");
  EXPECT_EQ(kept.entries[1].name, "odd; Type: x");
}

TEST(SqlScript, an_end_in_the_middle_is_an_error) {
  for (const char* text : {"SELECT 1", "SELECT 'x;\n", "SELECT $$ ;\n", "COPY t FROM stdin;\n1\n", "SELECT (1;\n"}) {
    Kept kept;
    SqlScript script(kept);
    ASSERT_TRUE(script.feed(as_bytes(text)).ok());
    const Status end = script.finish();
    ASSERT_FALSE(end.ok()) << text;
    EXPECT_EQ(end.error().code(), Code::Corrupt);
  }
}

TEST(SqlScript, it_does_not_matter_where_the_text_is_cut_when_it_is_fed) {
  const std::string text =
      "-- Name: a; Type: TABLE; Schema: s; Owner: o\nSELECT E'\\'', $q$;$q$, 'x''y'; COPY t FROM stdin;\na\n\\.\n"
      "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END;\n/* ; */ SELECT \";\";\n";
  const Texts whole = cut(text);
  rc::check([&] {
    Kept kept;
    SqlScript script(kept);
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(*rc::gen::inRange<size_t>(1, 9), text.size() - at);
      RC_ASSERT(script.feed(as_bytes(std::string_view(text).substr(at, size))).ok());
      at += size;
    }
    RC_ASSERT(script.finish().ok());
    RC_ASSERT(kept.statements == whole);
  });
}

TEST(SqlScript, no_bytes_make_it_read_beyond_them) {
  rc::check([](const std::string& noise) {
    Kept kept;
    SqlScript script(kept);
    (void)script.feed(as_bytes("SELECT $a$ " + noise));
    (void)script.feed(as_bytes("CREATE FUNCTION f( " + noise + "\n" + noise));
    (void)script.finish();
    SqlWords words(noise);
    while (!words.at_end()) words.next();
  });
}

TEST(SqlWords, keywords_are_small_and_names_are_as_they_are) {
  SqlWords words("ALTER ROLE \"Odd \"\"Role\" WITH LOGIN PASSWORD 'NOLOGIN \"x'");
  EXPECT_EQ(words.next(), "alter");
  EXPECT_EQ(words.next(), "role");
  EXPECT_TRUE(words.has("login"));
  EXPECT_FALSE(words.has("nologin"));
  EXPECT_EQ(words.next(), "Odd \"Role");
  EXPECT_EQ(words.next(), "with");
  EXPECT_EQ(words.next(), "login");
  EXPECT_EQ(words.next(), "password");
  EXPECT_TRUE(words.at_end());
  EXPECT_EQ(words.next(), "");
}

}  // namespace
}  // namespace hf
