#include <curl/curl.h>

#include <algorithm>
#include <cstring>

#include "base/sync.h"
#include "base/text.h"
#include "sys/entry.h"
#include "sys/http.h"

namespace hf {
namespace {

constexpr Duration stop_seen_within = std::chrono::milliseconds(200);
constexpr Duration connect_max = std::chrono::seconds(15);
// A peer that is silent for so long is taken for gone, however long the deadline.
constexpr long silence_max_s = 60;

long to_ms(Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<long>(std::clamp<int64_t>(ms, 1, 1'000'000'000));
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// scheme://host:port, for messages: neither user, path nor query.
std::string place_of(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  const size_t begin = scheme + 3, end = std::min(url.find_first_of("/?#", begin), url.size());
  const size_t user = url.substr(begin, end - begin).rfind('@');
  const size_t host = user == std::string::npos ? begin : begin + user + 1;
  return printable(url.substr(0, begin) + url.substr(host, end - host));
}

// A transfer's own connection, kept for the next one.
struct Line {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();

  Line() { HF_ASSERT(multi != nullptr && easy != nullptr); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
};

// One exchange. Lives on the stack of send(); what curl is given points into it.
class Exchange {
 public:
  Exchange(Line& line, const HttpRequest& request) : line_(line), request_(request) { curl_easy_reset(line.easy); }
  ~Exchange() { curl_slist_free_all(headers_); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Status prepare() {
    const bool has_body = !request_.body.empty() || request_.method == "PUT" || request_.method == "POST";
    for (const HttpHeader& header : request_.headers) HF_TRY(add_header(header));
    // curl's own additions.
    HF_TRY(silence("Accept"));
    HF_TRY(silence("Expect"));
    if (has_body) HF_TRY(silence("Content-Type"));
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_HTTPHEADER, headers_);
    if (has_body) {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : reinterpret_cast<const char*>(request_.body.data()));
    } else {
      set(CURLOPT_HTTPGET, 1L);
    }
    if (request_.head_only) set(CURLOPT_NOBODY, 1L);
    set(CURLOPT_CUSTOMREQUEST, request_.head_only ? nullptr : request_.method.c_str());
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
    prepare_connection();
    return {};
  }

  Result<HttpResponse> run(const Clock& clock, const Deadline& deadline, const std::stop_token& stop) {
    const MonoTime begin = clock.mono();
    set(CURLOPT_CONNECTTIMEOUT_MS, to_ms(std::min(connect_max, deadline.left())));
    curl_multi_add_handle(line_.multi, line_.easy);
    Status ended = transfer(deadline, stop);
    curl_multi_remove_handle(line_.multi, line_.easy);
    HF_TRY(std::move(ended));
    long status = 0;
    curl_easy_getinfo(line_.easy, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    response_.took = clock.mono() - begin;
    return std::move(response_);
  }

 private:
  template <typename T>
  void set(CURLoption option, T value) {
    HF_ASSERT(curl_easy_setopt(line_.easy, option, value) == CURLE_OK);
  }

  Status append(const std::string& line) {
    curl_slist* longer = curl_slist_append(headers_, line.c_str());
    HF_ASSERT(longer != nullptr);
    headers_ = longer;
    return {};
  }

  Status add_header(const HttpHeader& header) {
    if ((header.name + header.value).find_first_of(std::string("\r\n\0", 3)) != std::string::npos)
      return Error(Code::Invalid, "the header " + printable(header.name) + " has a line break in it");
    // curl leaves a header out if nothing follows the colon.
    return append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }

  Status silence(const std::string& name) {
    const auto is_it = [&](const HttpHeader& header) {
      return std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                        [](char a, char b) { return lower(a) == lower(b); });
    };
    if (std::any_of(request_.headers.begin(), request_.headers.end(), is_it)) return {};
    return append(name + ":");
  }

  void prepare_connection() {
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_USERAGENT, "holdfast");
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, silence_max_s);
    set(CURLOPT_BUFFERSIZE, 256L << 10);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    const TlsOptions& tls = request_.tls;
    set(CURLOPT_SSLVERSION, static_cast<long>(tls.allow_1_2 ? CURL_SSLVERSION_TLSv1_2 : CURL_SSLVERSION_TLSv1_3));
    if (!tls.ca_file.empty()) {
      set(CURLOPT_CAINFO, tls.ca_file.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    if (!tls.client_cert.empty()) set(CURLOPT_SSLCERT, tls.client_cert.c_str());
    if (!tls.client_key.empty()) set(CURLOPT_SSLKEY, tls.client_key.c_str());
  }

  Status transfer(const Deadline& deadline, const std::stop_token& stop) {
    for (int running = 1; running > 0;) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "stopped");
      if (deadline.passed()) return Error(Code::Timeout, place_of(request_.url) + " did not answer in time");
      HF_ASSERT(curl_multi_perform(line_.multi, &running) == CURLM_OK);
      if (running == 0) break;
      curl_multi_poll(line_.multi, nullptr, 0, static_cast<int>(to_ms(std::min(stop_seen_within, deadline.left()))),
                      nullptr);
    }
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(line_.multi, &left);
    HF_ASSERT(message != nullptr);
    return message->data.result == CURLE_OK ? Status() : Status(failure(message->data.result));
  }

  Error failure(CURLcode code) const {
    const std::string place = place_of(request_.url);
    const std::string why = curl_easy_strerror(code);
    switch (code) {
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return Error(Code::Invalid, "not a URL of http or https" + (place.empty() ? "" : ": " + place));
      case CURLE_PEER_FAILED_VERIFICATION:
        return Error(Code::Denied, place + " cannot prove that it is who it says: its certificate is not trusted here")
            .with_detail(why)
            .with_hint("name the authority that signed it with ca_file");
      case CURLE_SSL_CACERT_BADFILE:
        return Error(Code::Invalid, "the file of authorities cannot be read: " + printable(request_.tls.ca_file));
      case CURLE_SSL_CERTPROBLEM:
        return Error(Code::Invalid, "the client certificate cannot be used: " + printable(request_.tls.client_cert));
      case CURLE_SSL_CONNECT_ERROR:
        return Error(Code::Unavailable, place + ": no TLS connection")
            .with_detail(why)
            .with_hint("it must speak TLS 1.3");
      case CURLE_WRITE_ERROR:
        return Error(Code::Corrupt, place + " answered with more than " + format_bytes(request_.response_bytes_max));
      case CURLE_COULDNT_RESOLVE_HOST:
        return Error(Code::Unavailable, place + ": the host's name cannot be resolved");
      case CURLE_COULDNT_CONNECT:
        return Error(Code::Unavailable, place + " cannot be connected to");
      default:
        return Error(Code::Unavailable, place + ": the connection broke").with_detail(why);
    }
  }

  static size_t on_body(char* data, size_t, size_t length, void* self) {
    Exchange& exchange = *static_cast<Exchange*>(self);
    Bytes& body = exchange.response_.body;
    if (length > exchange.request_.response_bytes_max - body.size()) return 0;
    if (body.empty()) exchange.reserve_body();
    const size_t at = body.size();
    body.resize(at + length);
    std::memcpy(body.data() + at, data, length);
    return length;
  }

  void reserve_body() {
    curl_off_t expected = 0;
    curl_easy_getinfo(line_.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &expected);
    if (expected > 0) response_.body.reserve(std::min<uint64_t>(static_cast<uint64_t>(expected), 64u << 20));
  }

  static size_t on_header(char* data, size_t, size_t length, void* self) {
    HttpResponse& response = static_cast<Exchange*>(self)->response_;
    std::string_view line(data, length);
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) {  // of an interim answer, or the real one
      response.headers.clear();
      return length;
    }
    const size_t colon = line.find(':');
    if (colon == line.npos) return length;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), lower);
    line.remove_prefix(colon + 1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    response.headers.push_back({std::move(name), std::string(line)});
    return length;
  }

  Line& line_;
  const HttpRequest& request_;
  curl_slist* headers_ = nullptr;
  HttpResponse response_;
};

class CurlHttp final : public HttpClient {
 public:
  explicit CurlHttp(Clock& clock) : clock_(clock) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    HF_ASSERT(ready == CURLE_OK);
  }

  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline, std::stop_token stop) override {
    std::unique_ptr<Line> line = idle_.with([](std::vector<std::unique_ptr<Line>>& idle) {
      if (idle.empty()) return std::unique_ptr<Line>();
      std::unique_ptr<Line> last = std::move(idle.back());
      idle.pop_back();
      return last;
    });
    if (!line) line = std::make_unique<Line>();
    Exchange exchange(*line, request);
    HF_TRY(exchange.prepare());
    Result<HttpResponse> response = exchange.run(clock_, deadline, stop);
    // After a failure nobody knows what still arrives on it.
    if (response.ok()) idle_.with([&](std::vector<std::unique_ptr<Line>>& idle) { idle.push_back(std::move(line)); });
    return response;
  }

 private:
  Clock& clock_;
  Guarded<std::vector<std::unique_ptr<Line>>> idle_;
};

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const HttpHeader& header : headers)
    if (header.name == name) return header.value;
  return {};
}

std::unique_ptr<HttpClient> make_curl_http(Clock& clock) {
  return std::make_unique<CurlHttp>(clock);
}

}  // namespace hf
