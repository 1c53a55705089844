// What a request meets: faults, and who may ask. What it does to objects is in s3_server_objects.cc.
#include "support/s3_server.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "sys/http_date.h"

namespace hf {
namespace {

constexpr Duration skew_max = std::chrono::minutes(15);

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char between) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(between), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// The text between two others; "" if they are not there.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t at = text.find(begin);
  if (at == text.npos) return "";
  return text.substr(at + begin.size(), text.find(end, at) - at - begin.size());
}

TestAnswer failed(int status, const std::string& code) {
  return {.status = status,
          .headers = {{"Content-Type", "application/xml"}},
          .body = to_bytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + code +
                           "</Code><Message>said by the server</Message></Error>")};
}

void flip_a_bit(Bytes& bytes, std::mt19937_64& random) {
  if (!bytes.empty()) bytes[random() % bytes.size()] ^= static_cast<std::byte>(1u << (random() % 8));
}

}  // namespace

std::string S3Server::Call::header(const std::string& name) const {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? "" : found->second;
}

S3Server::S3Server(uint64_t seed)
    : listener_([this](const TestRequest& request) { return is_cut(request); },
                [this](TestRequest&& request) { return answer(std::move(request)); }) {
  state_.with([&](State& state) { state.random.seed(seed); });
}

bool S3Server::is_cut(const TestRequest& request) {
  return state_.with([&](State& state) {
    const auto index = static_cast<size_t>(S3Fault::ResetMidUpload);
    const bool is_next = state.next == S3Fault::ResetMidUpload;
    if (!request.headers.contains("content-length")) return false;
    if (!is_next && state.random() % 1000 >= state.per_mille[index]) return false;
    if (is_next) state.next = S3Fault::None;
    ++state.counts[index];
    return true;
  });
}

bool S3Server::fits(S3Fault fault, const Call& call) {
  const std::string& method = call.request.method;
  const bool is_object = !call.key.empty() && call.query.empty();
  const bool has_xml = method == "POST" || call.has("list-type");
  switch (fault) {
    case S3Fault::None:
    case S3Fault::ResetMidUpload:  // is_cut() does it
    case S3Fault::Count:
      return false;
    case S3Fault::HalfAnswer:
      return method == "GET" || method == "POST";
    case S3Fault::WrongAnswer:
      return method == "GET" && is_object && call.header("range").empty();
    case S3Fault::WrongUpload:
      return method == "PUT";
    case S3Fault::HiddenBefore:
    case S3Fault::HiddenAfter:
      return has_xml;
    case S3Fault::StaleList:
      return call.has("list-type");
    default:
      return true;
  }
}

S3Fault S3Server::draw(State& state, const Call& call) {
  if (state.next != S3Fault::None)
    return fits(state.next, call) ? std::exchange(state.next, S3Fault::None) : S3Fault::None;
  for (size_t i = 1; i < state.per_mille.size(); ++i) {
    const auto fault = static_cast<S3Fault>(i);
    if (fits(fault, call) && state.random() % 1000 < state.per_mille[i]) return fault;
  }
  return S3Fault::None;
}

TestAnswer S3Server::answer(TestRequest&& request) {
  Call call{request, {}, {}, {}, {}};
  const size_t mark = std::min(request.target.find('?'), request.target.size());
  call.path = request.target.substr(0, mark);
  for (const std::string& part :
       split(std::string_view(request.target).substr(std::min(mark + 1, request.target.size())), '&')) {
    const size_t equals = std::min(part.find('='), part.size());
    call.query[decoded(part.substr(0, equals))] = decoded(part.substr(std::min(equals + 1, part.size())));
  }
  const std::string path = decoded(call.path);
  const size_t slash = std::min(path.find('/', 1), path.size());
  call.bucket = path.substr(1, slash - 1);
  call.key = path.substr(std::min(slash + 1, path.size()));
  return state_.with([&](State& state) {
    ++state.requests;
    const S3Fault fault = draw(state, call);
    ++state.counts[static_cast<size_t>(fault)];
    if (fault == S3Fault::ClockJump)
      state.clock_offset = std::chrono::minutes(static_cast<int64_t>(state.random() % 6000) - 3000);
    if (fault == S3Fault::WrongUpload) flip_a_bit(request.body, state.random);
    TestAnswer given = perform(state, call, fault);
    given.headers.emplace_back("Date", format_http_date(wall(state)));
    return given;
  });
}

TestAnswer S3Server::perform(State& state, const Call& call, S3Fault fault) {
  using Send = TestAnswer::Send;
  switch (fault) {
    case S3Fault::ResetBefore:
      return {.send = Send::Nothing};
    case S3Fault::StallBefore:
      return {.send = Send::Stall};
    case S3Fault::ErrorBefore:
      return failed(500, "InternalError");
    case S3Fault::SlowDown:
      return failed(503, "SlowDown");
    case S3Fault::HiddenBefore:
      return failed(200, "InternalError");
    case S3Fault::Twice:
      process(state, call, fault);
      break;
    default:
      break;
  }
  TestAnswer given = process(state, call, fault);
  if (fault == S3Fault::ResetAfter) given.send = Send::Nothing;
  if (fault == S3Fault::StallAfter) given.send = Send::Stall;
  if (fault == S3Fault::HalfAnswer) given.send = Send::Half;
  if (fault == S3Fault::ErrorAfter) return failed(500, "InternalError");
  if (fault == S3Fault::HiddenAfter) return failed(200, "InternalError");
  if (fault == S3Fault::WrongAnswer && given.status == 200) flip_a_bit(given.body, state.random);
  return given;
}

TestAnswer S3Server::process(State& state, const Call& call, S3Fault fault) {
  if (std::optional<TestAnswer> refused = refusal(state, call)) return *std::move(refused);
  if (call.key.empty()) return bucket_call(state, call, fault);
  if (call.has("uploads") || call.has("uploadId")) return upload_call(state, call);
  if (call.request.method == "PUT") return put(state, call);
  if (call.request.method == "DELETE") {
    change(state, call.key, std::nullopt);
    return {.status = 204};
  }
  return get(state, call);
}

// Who asks, when, and whether the bytes are those that were sent.
std::optional<TestAnswer> S3Server::refusal(State& state, const Call& call) {
  const std::string authorization = call.header("authorization"), date = call.header("x-amz-date");
  const std::vector<std::string> scope = split(between(authorization, "Credential=", ","), '/');
  if (scope.size() != 5 || date.size() != 16) return failed(403, "AccessDenied");
  const auto key = state.keys.find(scope[0]);
  if (key == state.keys.end()) return failed(403, "InvalidAccessKeyId");
  const WallTime when = parse_time(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" +
                                   date.substr(11, 2) + ":" + date.substr(13))
                            .value();
  if (std::chrono::abs(when - wall(state)) > skew_max) return failed(403, "RequestTimeTooSkewed");
  SigV4Request signable{call.request.method, call.path, {}, {}, call.header("x-amz-content-sha256")};
  for (const auto& [name, value] : call.query) signable.query.emplace_back(name, value);
  for (const std::string& name : split(between(authorization, "SignedHeaders=", ","), ';'))
    signable.headers.push_back({name, call.header(name)});
  const AwsKeys keys{.access_key = scope[0],
                     .secret_key = Credential::take({key->second.secret.begin(), key->second.secret.end()})};
  if (sigv4_authorization(signable, keys, {.region = scope[2]}, when) != authorization)
    return failed(403, "SignatureDoesNotMatch");
  if (call.header("x-amz-security-token") != key->second.token) return failed(400, "InvalidToken");
  if (key->second.is_expired) return failed(400, "ExpiredToken");
  if (key->second.is_refused) return failed(403, "AccessDenied");
  if (!state.has_bucket || call.bucket != "bucket") return failed(404, "NoSuchBucket");
  const Sha256 hash = sha256(call.request.body);
  if (to_hex(hash.bytes) != call.header("x-amz-content-sha256")) return failed(400, "XAmzContentSHA256Mismatch");
  const std::string checksum = call.header("x-amz-checksum-sha256");
  if (!checksum.empty() && checksum != to_base64(hash.bytes)) return failed(400, "BadDigest");
  return std::nullopt;
}

void S3Server::set_fault(S3Fault fault, unsigned per_mille) {
  state_.with([&](State& state) { state.per_mille[static_cast<size_t>(fault)] = per_mille; });
}

void S3Server::set_all_faults(unsigned per_mille) {
  state_.with([&](State& state) {
    state.per_mille.fill(per_mille);
    state.per_mille[static_cast<size_t>(S3Fault::StaleList)] = 0;
    state.per_mille[static_cast<size_t>(S3Fault::ClockJump)] = 0;
  });
}

void S3Server::fail_next(S3Fault fault) {
  state_.with([&](State& state) { state.next = fault; });
}

uint64_t S3Server::count(S3Fault fault) {
  return state_.with([&](State& state) { return state.counts[static_cast<size_t>(fault)]; });
}

uint64_t S3Server::requests() {
  return state_.with([](State& state) { return state.requests; });
}

void S3Server::accept_key(const std::string& access_key, const std::string& secret_key, const std::string& token) {
  state_.with([&](State& state) { state.keys[access_key] = {secret_key, token}; });
}

void S3Server::expire_key(const std::string& access_key) {
  state_.with([&](State& state) { state.keys[access_key].is_expired = true; });
}

void S3Server::refuse_key(const std::string& access_key) {
  state_.with([&](State& state) { state.keys[access_key].is_refused = true; });
}

void S3Server::set_clock_offset(Duration offset) {
  state_.with([&](State& state) { state.clock_offset = offset; });
}

void S3Server::ignore_conditions() {
  state_.with([](State& state) { state.ignores_conditions = true; });
}

void S3Server::forget_metadata() {
  state_.with([](State& state) { state.forgets_metadata = true; });
}

void S3Server::remove_bucket() {
  state_.with([](State& state) { state.has_bucket = false; });
}

}  // namespace hf
