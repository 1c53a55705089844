// What tests of checks share: a subject that answers what the test says, the real machine, a simulated service.
#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "check/kinds.h"
#include "check/run_checks.h"
#include "support/no_http.h"
#include "support/temp_directory.h"
#include "sys/posix_fs.h"
#include "sys/real_world.h"

namespace hf {

class KnownSubject final : public CheckSubject {
 public:
  WallTime time() override { return now; }
  std::optional<Duration> rpo() override { return known_rpo; }
  Result<std::string> directory(const std::string& source) override {
    if (root.empty()) return Error(Code::Unsupported, "nothing was restored");
    return root + "/" + source;
  }
  Result<QueryAnswer> query(const std::string&, const Query& query, const Deadline&, std::stop_token) override {
    asked = query.sql;
    if (answer) return *answer;
    return Error(Code::Failed, "42P01").with_detail("relation \"hidden\" does not exist");
  }
  Result<std::vector<TableState>> tables(const std::string&, const Deadline&, std::stop_token) override {
    return found;
  }
  Result<std::vector<TableState>> tables_of(const std::string& point, const std::string&) override {
    if (point != "last-good") return Error(Code::NotFound, "no point begins with " + point);
    return good;
  }
  Result<std::vector<CapturedName>> names(const std::string&) override { return captured; }
  Result<std::map<std::string, std::string>> variables(const std::string&, const std::string& database) override {
    std::map<std::string, std::string> told{{"HOLDFAST_RESTORED", root}};
    if (!database.empty()) told["PGDATABASE"] = database;
    return told;
  }

  WallTime now{std::chrono::hours(24 * 365 * 50)};
  std::optional<Duration> known_rpo;
  std::string root, asked;
  std::optional<QueryAnswer> answer;
  std::vector<TableState> found, good;
  std::vector<CapturedName> captured;
};

class CheckTest : public testing::Test {
 protected:
  CheckWorld world() {
    return {.env = Env{*clock, *entropy, meter},
            .fs = *fs,
            .process = *process,
            .http = http == nullptr ? static_cast<HttpClient&>(nobody) : *http,
            .secret = [this](const std::string& reference) -> Result<Credential> {
              const auto at = secrets.find(reference);
              if (at == secrets.end()) return Error(Code::KeyMissing, "no secret " + reference);
              return Credential::take(std::vector<unsigned char>(at->second.begin(), at->second.end()));
            },
            .environment = [](const char* name) { return std::string(name) == "PATH" ? "/usr/bin:/bin" : ""; },
            .place = place,
            .subject = subject};
  }

  // The one check, run to its end.
  CheckEnd run(const CheckKind& kind, const CheckOptions& options, std::stop_token stop = {}) {
    std::vector<NamedCheck> checks;
    Result<NamedCheck> prepared = prepare_check(kind, "group", options, checks);
    if (!prepared.ok()) return {.name = "not prepared", .verdict = {false, prepared.error().message(), ""}};
    checks.push_back(std::move(prepared).value());
    CheckEnd kept;
    const Status ran = run_checks(
        checks, world(), [&](const CheckEnd& end) { kept = end; }, stop);
    if (!ran.ok()) kept.verdict.message = ran.error().message();
    return kept;
  }
  static std::string fault(const CheckKind& kind, const CheckOptions& options) {
    const Result<Check> prepared = kind.prepare(options);
    return prepared.ok() ? "none" : prepared.error().message();
  }
  std::string write(const std::string& name, std::string_view text) {
    const std::string path = directory / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  TempDirectory directory;
  const std::unique_ptr<Clock> clock = make_real_clock();
  const std::unique_ptr<Entropy> entropy = make_real_entropy();
  Meter meter;
  const std::unique_ptr<Fs> fs = make_posix_fs();
  const std::unique_ptr<Process> process = make_posix_process(*clock);
  NoHttp nobody;
  HttpClient* http = nullptr;
  std::map<std::string, std::string> secrets;
  CheckPlace place;
  KnownSubject subject;
};

}  // namespace hf
