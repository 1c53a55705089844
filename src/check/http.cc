// The `http` kind: one request to the service, and its status, body and latency.
//
// A path is asked of the place's base URL; a redirect is an answer, and not followed. The bearer token and other
// secrets are read when they are needed.
#include "base/text.h"
#include "check/child.h"
#include "check/expectation.h"
#include "check/json_path.h"
#include "check/kinds.h"
#include "check/options.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr uint64_t answer_bytes_max = 1 << 20;
constexpr size_t detail_bytes_max = 2000;
constexpr Duration retry_after = std::chrono::seconds(1);

struct HttpSpec {
  std::string method, url, body, auth, ca_file;
  std::map<std::string, std::string> headers;  // `$name` is a secret
  bool allow_tls_1_2 = false, waits = false;
  std::optional<int> status;  // nothing: 200 to 299
  std::map<std::string, Expectation> json;
  std::string contains;
  std::optional<Duration> latency_max;
};

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

// One line of a header: what a secret holds must not become another.
Status expect_line(const std::string& name, const std::string& value) {
  if (value.find_first_of("\r\n") == value.npos && value.find('\0') == value.npos) return {};
  return Error(Code::Invalid, "the value of header " + printable(name) + " is more than one line");
}

Result<std::string> open_text(const std::string& text, const SecretOpener& secret) {
  if (!text.starts_with('$')) return text;
  return Revealed(HF_TRY(secret(text))).text();
}

Result<std::string> url_of(const HttpSpec& spec, const CheckPlace& place) {
  if (is_url(spec.url)) return spec.url;
  if (place.base_url.empty())
    return Error(Code::Invalid, "where the service is is not known").with_hint("give --base-url, or an environment");
  std::string base = place.base_url;
  while (base.ends_with('/')) base.pop_back();
  return base + spec.url;
}

// A request with secrets in it, which are wiped.
class Request {
 public:
  ~Request() {
    for (HttpHeader& header : request.headers) explicit_bzero(header.value.data(), header.value.size());
    explicit_bzero(body.data(), body.size());
  }
  Status fill(const HttpSpec& spec, const CheckWorld& world) {
    request.method = spec.method;
    request.head_only = spec.method == "HEAD";
    request.url = HF_TRY(url_of(spec, world.place));
    request.response_bytes_max = answer_bytes_max;
    request.tls.ca_file = spec.ca_file.empty() ? world.place.ca_file : spec.ca_file;
    request.tls.allow_1_2 = spec.allow_tls_1_2;
    for (const auto& [name, value] : spec.headers)
      request.headers.push_back({name, HF_TRY(open_text(value, world.secret))});
    if (!spec.auth.empty()) {
      const Revealed token(HF_TRY(world.secret(spec.auth)));
      request.headers.push_back({"Authorization", "Bearer " + token.text()});
    }
    for (const HttpHeader& header : request.headers) HF_TRY(expect_line(header.name, header.value));
    body = HF_TRY(open_text(spec.body, world.secret));
    request.body = as_bytes(body);
    return {};
  }

  HttpRequest request;
  std::string body;
};

Verdict failed(std::string message, const HttpResponse& response) {
  return {false, std::move(message),
          to_text(BytesView(response.body).first(std::min(response.body.size(), detail_bytes_max)))};
}

Verdict judge(const HttpSpec& spec, const HttpResponse& response) {
  const std::string status = "status " + std::to_string(response.status);
  const bool is_good = spec.status ? response.status == *spec.status : response.status / 100 == 2;
  if (!is_good)
    return failed(status + " instead of " + (spec.status ? std::to_string(*spec.status) : "200 to 299"), response);
  for (const auto& [path, expectation] : spec.json) {
    const Result<std::optional<std::string>> value = json_value_at(as_text(response.body), path);
    if (!value.ok()) return failed(status + ", but " + value.error().message(), response);
    if (!value.value()) return failed(status + ", but the answer has no " + printable(path), response);
    if (!expectation.holds(*value.value()))
      return failed(status + ", but " + printable(path) + " is not as expected", response);
  }
  if (!spec.contains.empty() && as_text(response.body).find(spec.contains) == std::string_view::npos)
    return failed(status + ", but the answer does not contain what is expected", response);
  const std::string took = format_duration(response.took);
  if (spec.latency_max && response.took > *spec.latency_max)
    return failed(status + ", but after " + took + " instead of " + format_span(*spec.latency_max), response);
  return {true, status + ", " + took, ""};
}

// Worth asking again while the service may still be starting.
bool is_early(const Result<Verdict>& verdict) {
  if (verdict.ok()) return !verdict.value().passed;
  return verdict.error().code() == Code::Unavailable;
}

Result<Verdict> ask(const HttpSpec& spec, const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
  Request request;
  HF_TRY(request.fill(spec, world));
  const auto once = [&]() -> Result<Verdict> {
    return judge(spec, HF_TRY(world.http.send(request.request, deadline, stop)));
  };
  Result<Verdict> verdict = once();
  while (spec.waits && is_early(verdict) && deadline.left() > retry_after) {
    if (!world.env.clock.sleep_until(world.env.clock.mono() + retry_after, stop))
      return Error(Code::Cancelled, "stopped");
    verdict = once();
  }
  return verdict;
}

Status read_expectations(const CheckOptions& options, HttpSpec& spec) {
  for (const char* name : {"expect", "expect.status"}) {
    const std::optional<uint64_t> status = HF_TRY(number_of(options, name).during("a status"));
    if (!status) continue;
    if (*status < 100 || *status > 599) return Error(Code::Invalid, "a status is a number from 100 to 599");
    spec.status = static_cast<int>(*status);
  }
  for (const auto& [path, wanted] : map_of(options, "expect.json")) {
    const Expectation expectation = HF_TRY(Expectation::parse(wanted).during("expect.json, " + printable(path)));
    if (!expectation.is_value()) return Error(Code::Invalid, "a value in JSON has neither rows nor an age");
    spec.json.emplace(path, expectation);
  }
  spec.contains = text_of(options, "expect.contains");
  spec.latency_max = HF_TRY(span_of(options, "expect.latency"));
  return {};
}

Result<Check> prepare(const CheckOptions& options) {
  HttpSpec spec{.method = text_of(options, "method"),
                .url = text_of(options, "http"),
                .body = text_of(options, "body"),
                .auth = text_of(options, "auth"),
                .ca_file = text_of(options, "ca_file"),
                .headers = map_of(options, "headers"),
                .allow_tls_1_2 = flag_of(options, "tls_1_2"),
                .waits = flag_of(options, "wait")};
  if (spec.method.empty()) spec.method = spec.body.empty() ? "GET" : "POST";
  if (!is_url(spec.url) && !spec.url.starts_with('/'))
    return Error(Code::Invalid, "\"http\" takes a path that begins with / or an http:// or https:// URL");
  HF_TRY(read_expectations(options, spec));
  Check check;
  // Of a URL only the method is named: it may hold anything.
  check.what = spec.method + (is_url(spec.url) ? "" : " " + printable(spec.url.substr(0, spec.url.find('?'))));
  check.needs_base_url = !is_url(spec.url);
  check.run = [spec = std::move(spec)](const CheckWorld& world, const Deadline& deadline, std::stop_token stop) {
    return ask(spec, world, deadline, stop);
  };
  return check;
}

}  // namespace

CheckKind http_check_kind() {
  using Type = CheckOption::Type;
  return {.name = "http",
          .help = "A request to the service.",
          .options = with_common({
              {"http", "a path below the base URL of the environment, or a whole URL", Type::Text, true},
              {"expect", "the status (default: 200 to 299), or a map of what the answer should be"},
              {"expect.status", "the status (default: 200 to 299)"},
              {"expect.json", "values in the answer by their paths, such as model.loaded: each as text, or \">= 1\"",
               Type::Map},
              {"expect.contains", "text that the answer contains"},
              {"expect.latency", "how long the answer may take", Type::Span},
              {"method", "the method (default GET; POST where there is a body)"},
              {"auth", "the secret that is sent as bearer token", Type::Secret},
              {"headers", "headers of the request; `$name` is a secret", Type::Map},
              {"body", "the body of the request; `$name` is a secret", Type::TextOrSecret},
              {"ca_file", "certificates (PEM) to trust, instead of the environment's or the system's"},
              {"tls_1_2", "accept TLS 1.2, of servers that know no better", Type::Flag},
              {"wait", "ask again each second until the answer is right or the time is over", Type::Flag},
          }),
          .prepare = prepare};
}

}  // namespace hf
