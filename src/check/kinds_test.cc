// Each kind of check: when it passes, how it fails, and that its message holds nothing that others said.
#include <filesystem>

#include "check/check_test_world.h"

namespace hf {
namespace {

using namespace std::chrono_literals;

// Answers as the test says, and remembers what it was asked.
class SaidHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline, std::stop_token) override {
    ++asked;
    url = request.url;
    method = request.method;
    body = to_text(request.body);
    headers.clear();
    for (const HttpHeader& header : request.headers) headers[header.name] = header.value;
    if (deadline.left() <= Duration::zero()) return Error(Code::Timeout, "too late");
    if (asked <= refusals) return Error(Code::Unavailable, "connection to 127.0.0.1:1 refused");
    HttpResponse response{.status = status};
    response.body = to_bytes(text);
    response.took = took;
    return response;
  }

  int asked = 0, refusals = 0, status = 200;
  std::string url, method, body, text = "{}";
  std::map<std::string, std::string> headers;
  Duration took = 35ms;
};

class HttpCheck : public CheckTest {
 protected:
  HttpCheck() {
    http = &service;
    place.base_url = "http://127.0.0.1:8080/";
  }
  SaidHttp service;
};

TEST_F(HttpCheck, asks_below_the_base_url_with_its_token) {
  secrets["$token"] = "canary-token";
  const CheckEnd end = run(http_check_kind(), {{"http", {"/api/stats?days=1"}}, {"auth", {"$token"}}});
  EXPECT_TRUE(end.verdict.passed) << end.verdict.message;
  EXPECT_EQ(end.name, "group: GET /api/stats");
  EXPECT_EQ(end.verdict.message, "status 200, 35 ms");
  EXPECT_EQ(service.url, "http://127.0.0.1:8080/api/stats?days=1");
  EXPECT_EQ(service.headers["Authorization"], "Bearer canary-token");
}

TEST_F(HttpCheck, another_status_fails_and_the_answer_is_detail) {
  service.status = 503;
  service.text = "stack trace";
  const CheckEnd end = run(http_check_kind(), {{"http", {"/health"}}});
  EXPECT_FALSE(end.verdict.passed);
  EXPECT_EQ(end.verdict.message, "status 503 instead of 200 to 299");
  EXPECT_EQ(end.verdict.detail, "stack trace");
  EXPECT_TRUE(run(http_check_kind(), {{"http", {"/health"}}, {"expect", {"503"}}}).verdict.passed);
  EXPECT_FALSE(run(http_check_kind(), {{"http", {"/health"}}, {"expect.status", {"200"}}}).verdict.passed);
}

TEST_F(HttpCheck, values_in_json_are_found_by_their_paths) {
  service.text = R"({"loaded": true, "model": {"version": "3", "layers": [{"size": 12}]}, "a.b": null})";
  const auto json = [&](std::vector<std::string> pairs) {
    return run(http_check_kind(), {{"http", {"/"}}, {"expect.json", std::move(pairs)}}).verdict;
  };
  EXPECT_TRUE(json({"loaded", "true", "model.version", "3", "model.layers.0.size", ">= 10", "/a.b", "null"}).passed);
  EXPECT_EQ(json({"loaded", "false"}).message, "status 200, but loaded is not as expected");
  EXPECT_EQ(json({"model.name", "x"}).message, "status 200, but the answer has no model.name");
  EXPECT_EQ(json({"model", "x"}).message, "status 200, but the answer has no model");
  service.text = "<html>";
  EXPECT_EQ(json({"loaded", "true"}).message, "status 200, but the answer is not JSON");
}

TEST_F(HttpCheck, content_and_latency_are_judged) {
  service.text = "all is well";
  EXPECT_TRUE(run(http_check_kind(), {{"http", {"/"}}, {"expect.contains", {"well"}}}).verdict.passed);
  EXPECT_FALSE(run(http_check_kind(), {{"http", {"/"}}, {"expect.contains", {"bad"}}}).verdict.passed);
  const CheckEnd late = run(http_check_kind(), {{"http", {"/"}}, {"expect.latency", {"20000000"}}});
  EXPECT_EQ(late.verdict.message, "status 200, but after 35 ms instead of 20ms");
}

TEST_F(HttpCheck, a_body_makes_a_post) {
  secrets["$login"] = "{\"password\": \"x\"}";
  EXPECT_TRUE(run(http_check_kind(), {{"http", {"/login"}}, {"body", {"$login"}}}).verdict.passed);
  EXPECT_EQ(service.method, "POST");
  EXPECT_EQ(service.body, "{\"password\": \"x\"}");
}

TEST_F(HttpCheck, nobody_answering_fails_unless_it_may_wait) {
  service.refusals = 1;
  EXPECT_FALSE(run(http_check_kind(), {{"http", {"/"}}}).verdict.passed);
  service.asked = 0;
  EXPECT_TRUE(run(http_check_kind(), {{"http", {"/"}}, {"wait", {"true"}}}).verdict.passed);
  EXPECT_EQ(service.asked, 2);
}

TEST_F(HttpCheck, a_token_of_several_lines_is_no_header) {
  secrets["$token"] = "x\r\nX-Evil: 1";
  EXPECT_FALSE(run(http_check_kind(), {{"http", {"/"}}, {"auth", {"$token"}}}).verdict.passed);
  EXPECT_EQ(service.asked, 0);
  EXPECT_FALSE(run(http_check_kind(), {{"http", {"/"}}, {"auth", {"$none"}}}).verdict.passed);
}

TEST_F(HttpCheck, what_cannot_be_meant_is_refused) {
  EXPECT_NE(fault(http_check_kind(), {{"http", {"health"}}}), "none");
  EXPECT_NE(fault(http_check_kind(), {{"http", {"/"}}, {"expect", {"soon"}}}), "none");
  EXPECT_NE(fault(http_check_kind(), {{"http", {"/"}}, {"expect", {"20"}}}), "none");
  EXPECT_NE(fault(http_check_kind(), {{"http", {"/"}}, {"expect.json", {"a", "rows = 1"}}}), "none");
  EXPECT_EQ(fault(http_check_kind(), {{"http", {"https://app.example/x"}}}), "none");
}

class RunCheck : public CheckTest {
 protected:
  std::vector<std::string> script(const std::string& text) { return {"/bin/sh", write("script", text)}; }
};

TEST_F(RunCheck, status_and_output_are_judged_and_numbers_told) {
  const CheckOptions options{{"run", script("echo noise; echo migrated applied=3 skipped=9 by=me")},
                             {"expect", {"applied=<n> skipped=<n> by=<word>"}}};
  const CheckEnd end = run(run_check_kind(), options);
  EXPECT_TRUE(end.verdict.passed);
  EXPECT_EQ(end.verdict.message, "exit status 0; applied=3 skipped=9");
  EXPECT_EQ(end.name, "group: run sh");
}

TEST_F(RunCheck, a_wrong_status_or_missing_output_fails) {
  EXPECT_EQ(
      run(run_check_kind(), {{"run", script("echo status=ok; exit 3")}, {"expect", {"status=ok"}}}).verdict.message,
      "exit status 3");
  const CheckEnd silent = run(run_check_kind(), {{"run", script("echo canary >&2")}, {"expect", {"status=ok"}}});
  EXPECT_FALSE(silent.verdict.passed);
  EXPECT_EQ(silent.verdict.message, "exit status 0; the expected output is missing");
  EXPECT_EQ(silent.verdict.detail, "canary\n");
  EXPECT_TRUE(run(run_check_kind(), {{"run", script("exit 3")}, {"status", {"3"}}}).verdict.passed);
  EXPECT_FALSE(run(run_check_kind(), {{"run", {"/no/such/program"}}}).verdict.passed);
}

TEST_F(RunCheck, the_second_run_must_have_nothing_left) {
  const std::string done = directory / "done";
  const std::string good = "[ -e " + done + " ] && echo applied=0 || echo applied=2; touch " + done;
  const CheckEnd end = run(run_check_kind(), {{"run", script(good)}, {"expect", {"applied=<n>"}}, {"twice", {"true"}}});
  EXPECT_TRUE(end.verdict.passed);
  EXPECT_EQ(end.verdict.message, "exit status 0; applied=2; second run: exit status 0; applied=0");
  const CheckEnd again =
      run(run_check_kind(), {{"run", script("echo applied=2")}, {"expect", {"applied=<n>"}}, {"twice", {"true"}}});
  EXPECT_FALSE(again.verdict.passed);
  EXPECT_FALSE(run(run_check_kind(), {{"run", script("echo a=1")}, {"second", {"a=2"}}}).verdict.passed);
  EXPECT_NE(fault(run_check_kind(), {{"run", {"x"}}, {"twice", {"true"}}}), "none");
}

TEST_F(RunCheck, the_program_gets_its_variables_and_no_other_and_its_secrets_are_blotted_out) {
  setenv("CANARY_VARIABLE", "canary", 1);
  secrets["$dsn"] = "canary-password";
  subject.root = "/restored";
  place.env = {{"MODE", "place"}, {"BOTH", "place"}};
  const CheckEnd end = run(run_check_kind(), {{"run", script("env")}, {"env", {"DSN", "$dsn", "BOTH", "own"}}});
  EXPECT_TRUE(end.verdict.passed);
  for (const char* line : {"DSN=***", "MODE=place", "BOTH=own", "HOLDFAST_RESTORED=/restored"})
    EXPECT_NE(end.verdict.detail.find(line), std::string::npos) << line << " in " << end.verdict.detail;
  EXPECT_EQ(end.verdict.detail.find("canary"), std::string::npos) << end.verdict.detail;
}

TEST_F(RunCheck, it_is_pointed_at_the_database_that_is_named) {
  const CheckOptions options{{"run", script("echo database=$PGDATABASE")},
                             {"on", {"app-db"}},
                             {"database", {"shop"}},
                             {"expect", {"database=shop"}}};
  EXPECT_TRUE(run(run_check_kind(), options).verdict.passed);
  EXPECT_NE(fault(run_check_kind(), {{"run", {"x"}}, {"database", {"shop"}}}), "none");
}

TEST_F(RunCheck, one_that_does_not_end_is_ended) {
  const CheckEnd end = run(run_check_kind(), {{"run", {"sleep", "600"}}, {"timeout", {"100000000"}}});
  EXPECT_FALSE(end.verdict.passed);
  EXPECT_EQ(end.verdict.message, "no answer within 100ms");
  EXPECT_LT(end.took, 60s);
}

TEST_F(RunCheck, a_request_to_stop_ends_all) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(run(run_check_kind(), {{"run", {"sleep", "600"}}}, stop.get_token()).verdict.message, "interrupted");
}

class SqlCheck : public CheckTest {};

TEST_F(SqlCheck, the_value_is_judged_and_what_the_database_said_is_detail) {
  const CheckOptions options{{"sql", {"select count(*) from users"}}, {"on", {"app"}}, {"expect", {">= 1"}}};
  subject.answer = {1, "5"};
  EXPECT_EQ(run(sql_check_kind(), options).verdict.message, "the value is 5");
  EXPECT_EQ(subject.asked, "select count(*) from users");
  subject.answer = {1, "0"};
  EXPECT_FALSE(run(sql_check_kind(), options).verdict.passed);
  subject.answer.reset();
  const CheckEnd broken = run(sql_check_kind(), options);
  EXPECT_FALSE(broken.verdict.passed);
  EXPECT_EQ(broken.verdict.message.find("hidden"), std::string::npos);
  EXPECT_NE(broken.verdict.detail.find("hidden"), std::string::npos);
}

TEST_F(SqlCheck, the_rpo_must_be_known) {
  const CheckOptions options{{"sql", {"select max(t) from e"}}, {"on", {"app"}}, {"expect", {"age <= rpo"}}};
  subject.answer = {
      1, std::to_string(
             std::chrono::duration_cast<std::chrono::seconds>((subject.now - 5min).time_since_epoch()).count())};
  EXPECT_EQ(run(sql_check_kind(), options).verdict.message, "the RPO is not known");
  subject.known_rpo = 15min;
  EXPECT_EQ(run(sql_check_kind(), options).verdict.message, "the age is 5 min");
}

class FileCheck : public CheckTest {
 protected:
  FileCheck() { subject.root = directory / ""; }
};

TEST_F(FileCheck, size_content_count_and_age_are_judged) {
  const std::string path = write("a.model", "hello");
  write("b.model", "x");
  const auto look = [&](CheckOptions options) {
    options["file"] = {path};
    return run(file_check_kind(), options).verdict;
  };
  EXPECT_EQ(look({}).message, "5 bytes");
  EXPECT_TRUE(look({{"size_min", {"5"}}, {"size_max", {"5"}}}).passed);
  EXPECT_EQ(look({{"size_min", {"6"}}}).message, "it has 5 bytes, expected at least 6");
  EXPECT_FALSE(look({{"size_max", {"4"}}}).passed);
  EXPECT_TRUE(look({{"sha256", {"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}}}).passed);
  EXPECT_EQ(look({{"sha256", {std::string(64, '0')}}}).message, "it has another content");
  EXPECT_TRUE(look({{"age_max", {"3600000000000"}}}).passed);
  const std::string pattern = directory / "*.model";
  EXPECT_EQ(run(file_check_kind(), {{"file", {pattern}}, {"count", {">= 2"}}}).verdict.message, "2 files");
  EXPECT_FALSE(run(file_check_kind(), {{"file", {pattern}}, {"count", {">= 3"}}}).verdict.passed);
  EXPECT_FALSE(run(file_check_kind(), {{"file", {directory / "*.none"}}}).verdict.passed);
}

TEST_F(FileCheck, a_file_that_is_not_there_is_told) {
  EXPECT_EQ(run(file_check_kind(), {{"file", {directory / "none"}}}).verdict.message, "it is not there");
  EXPECT_EQ(run(file_check_kind(), {{"file", {directory / "none/a"}}}).verdict.message, "its directory is not there");
}

TEST_F(FileCheck, a_source_is_not_left_by_a_link) {
  std::filesystem::create_directory(directory / "app");
  std::filesystem::create_symlink("/etc", directory / "app/link");
  EXPECT_FALSE(run(file_check_kind(), {{"file", {"link/passwd"}}, {"on", {"app"}}}).verdict.passed);
  write("app/file", "x");
  EXPECT_TRUE(run(file_check_kind(), {{"file", {"file"}}, {"on", {"app"}}}).verdict.passed);
  EXPECT_NE(fault(file_check_kind(), {{"file", {"/abs"}}, {"on", {"app"}}}), "none");
  subject.root = "";
  EXPECT_EQ(run(file_check_kind(), {{"file", {"file"}}, {"on", {"app"}}}).verdict.message, "nothing was restored");
}

class NamesCheck : public CheckTest {};

TEST_F(NamesCheck, missing_and_empty_names_are_told) {
  subject.captured = {{"A", false}, {"B", true}, {"OTHER", false}};
  const CheckEnd end = run(names_check_kind(), {{"names", {"C", "A", "B", "D"}}});
  EXPECT_FALSE(end.verdict.passed);
  EXPECT_EQ(end.verdict.message, "missing: C, D; empty: B");
  EXPECT_EQ(run(names_check_kind(), {{"names", {"A"}}}).verdict.message, "1 name present");
  EXPECT_TRUE(run(names_check_kind(), {{"names", {"B"}}, {"allow_empty", {"true"}}}).verdict.passed);
}

TEST_F(NamesCheck, names_come_from_a_file_or_a_program_and_are_looked_for_in_an_env_file) {
  const std::string env = write(".env", "A=canary-value\nexport B='canary'\n");
  const std::string required = write("required", "# contract\nA\n\nB\nC\n");
  const CheckEnd end = run(names_check_kind(), {{"names.file", {required}}, {"env_file", {env}}});
  EXPECT_EQ(end.verdict.message, "missing: C");
  EXPECT_TRUE(run(names_check_kind(), {{"names.run", {"printf", "A\\nB\\n"}}, {"env_file", {env}}}).verdict.passed);
  EXPECT_FALSE(run(names_check_kind(), {{"names.run", {"false"}}, {"env_file", {env}}}).verdict.passed);
}

TEST_F(NamesCheck, what_is_no_name_is_not_repeated) {
  const CheckEnd listed = run(names_check_kind(), {{"names.run", {"printf", "A=canary-value\\n"}}});
  EXPECT_FALSE(listed.verdict.passed);
  EXPECT_EQ((listed.verdict.message + listed.verdict.detail).find("canary"), std::string::npos);
  const std::string env = write(".env", "A=1\ncanary value without a name\n");
  const CheckEnd broken = run(names_check_kind(), {{"names", {"A"}}, {"env_file", {env}}});
  EXPECT_FALSE(broken.verdict.passed);
  EXPECT_NE(broken.verdict.message.find("line 2"), std::string::npos) << broken.verdict.message;
  EXPECT_EQ((broken.verdict.message + broken.verdict.detail).find("canary"), std::string::npos);
}

class CompareCheck : public CheckTest {};

TEST_F(CompareCheck, missing_tables_and_lost_rows_are_named) {
  subject.good = {{"users", 100, "aa"}, {"tenants", 5, "bb"}};
  subject.found = {{"users", 100, "aa"}, {"tenants", 5, "bb"}, {"new", 1, "cc"}};
  CheckOptions options{{"compare", {"app"}}, {"with", {"last-good"}}};
  EXPECT_EQ(run(compare_check_kind(), options).verdict.message, "2 tables as expected");
  subject.found = {{"users", 94, "xx"}};
  EXPECT_EQ(run(compare_check_kind(), options).verdict.message, "users fell from 100 rows to 94; tenants is missing");
  options["tables"] = {"users"};
  options["fall_max"] = {"10%"};
  EXPECT_TRUE(run(compare_check_kind(), options).verdict.passed);
  subject.found = {{"users", 100, "xx"}};
  options["exact"] = {"true"};
  EXPECT_EQ(run(compare_check_kind(), options).verdict.message, "users has other content");
  for (TableState& table : subject.found) table.digest.clear();
  EXPECT_FALSE(run(compare_check_kind(), options).verdict.passed);
  options["tables"] = {"gone"};
  EXPECT_FALSE(run(compare_check_kind(), options).verdict.passed);
}

TEST_F(CompareCheck, a_file_can_be_the_reference) {
  subject.found = {{"shop.public.users", 3, ""}};
  const std::string shown = write("shown.json", R"({"sources":[{"name":"app","tables":[{"name":"users","rows":4}]}]})");
  const std::string own = write("own.json", R"({"tables":[{"name":"users","rows":3,"digest":"aa"}]})");
  const std::string wrong = write("wrong.json", "[");
  EXPECT_EQ(run(compare_check_kind(), {{"compare", {"app"}}, {"reference", {shown}}}).verdict.message,
            "users fell from 4 rows to 3");
  EXPECT_TRUE(run(compare_check_kind(), {{"compare", {"app"}}, {"reference", {own}}}).verdict.passed);
  EXPECT_FALSE(run(compare_check_kind(), {{"compare", {"app"}}, {"reference", {wrong}}}).verdict.passed);
  EXPECT_NE(fault(compare_check_kind(), {{"compare", {"app"}}}), "none");
  EXPECT_NE(fault(compare_check_kind(), {{"compare", {"app"}}, {"with", {"x"}}, {"fall_max", {"many"}}}), "none");
}

class CypherCheck : public CheckTest {};

TEST_F(CypherCheck, never_passes) {
  const CheckEnd end = run(cypher_check_kind(), {{"cypher", {"RETURN 1"}}, {"on", {"graph"}}});
  EXPECT_FALSE(end.verdict.passed);
  EXPECT_EQ(end.verdict.message, "cypher checks are not executed by this version");
  EXPECT_FALSE(cypher_check_kind().note.empty());
}

TEST(PrepareCheck, names_are_the_operators_or_made_and_never_twice) {
  std::vector<NamedCheck> checks;
  const CheckOptions options{{"http", {"/health"}}};
  checks.push_back(prepare_check(http_check_kind(), "app", options, checks).value());
  checks.push_back(prepare_check(http_check_kind(), "app", options, checks).value());
  checks.push_back(prepare_check(http_check_kind(), "app", {{"http", {"/x"}}, {"name", {"mine"}}}, checks).value());
  EXPECT_EQ(checks[0].name, "app: GET /health");
  EXPECT_EQ(checks[1].name, "app: GET /health (2)");
  EXPECT_EQ(checks[2].name, "app: mine");
  EXPECT_EQ(checks[0].timeout, 30s);
  EXPECT_FALSE(prepare_check(http_check_kind(), "app", {{"http", {"/"}}, {"timeout", {"0"}}}, checks).ok());
}

}  // namespace
}  // namespace hf
