#include "store/s3.h"

#include <algorithm>
#include <charconv>

#include "base/entropy.h"
#include "crypto/hash.h"
#include "store/object_name.h"
#include "sys/entry.h"
#include "sys/http_date.h"

namespace hf {
namespace {

constexpr std::string_view token_header = "x-amz-meta-holdfast-put";
constexpr std::string_view sha256_header = "x-amz-meta-holdfast-sha256";
constexpr uint64_t failure_bytes_max = 64 << 10;  // an <Error> in place of what was asked for
constexpr uint64_t parts_max = 10'000;
constexpr Duration upload_age_max = std::chrono::hours(24);
constexpr Duration open_patience = std::chrono::seconds(20);  // somebody waits at a terminal
constexpr int rounds_max = 5;                                 // of a put whose object, or upload, was removed under it
constexpr int damaged_max = 3;                                // of one object's bytes: what is damaged at rest stays so

Error again(const std::string& why) {
  return Error(Code::Unavailable, why);
}

std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class S3Store final : public Store {
 public:
  S3Store(const StoreWorld& world, S3Settings settings, AwsCredentialsSource source, AwsCredentials credentials)
      : entropy_(world.entropy),
        settings_(std::move(settings)),
        client_(world, settings_.address, settings_.limits, std::move(source), std::move(credentials)) {}

  Traits traits() const override { return {}; }
  std::string describe() const override {
    return "s3://" + printable(settings_.address.bucket + "/" + settings_.prefix) + " at " + printable(client_.host());
  }

  Status probe(bool create, const Deadline& deadline);

  Status put(std::string_view name, BytesView bytes, Durable, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    return put_object(name, bytes, deadline).during("put object " + std::string(name) + " into " + describe());
  }

  Status replace(std::string_view name, BytesView bytes, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    return put_whole(name, bytes, new_token(), Condition::None, deadline)
        .during("replace object " + std::string(name) + " in " + describe());
  }

  Status flush(const Deadline&) override { return {}; }

  Result<Bytes> get(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    return get_range(name, offset, length, deadline).during("read object " + std::string(name) + " from " + describe());
  }

  Result<Bytes> get_all(std::string_view name, uint64_t size_max, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    return get_checked(name, size_max, deadline).during("read object " + std::string(name) + " from " + describe());
  }

  Result<ObjectInfo> info(std::string_view name, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    Result<Head> head = look(name, deadline);
    if (!head.ok()) return std::move(head).error().during("object " + std::string(name) + " in " + describe());
    return std::move(head).value().info;
  }

  Status list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) override;

  Status remove(std::string_view name, const Deadline& deadline) override {
    HF_TRY(check_object_name(name));
    Result<HttpResponse> removed = client_.send({.method = "DELETE", .key = key_of(name)}, deadline);
    if (removed.ok() || removed.error().code() == Code::NotFound) return {};
    return std::move(removed).error().during("remove object " + std::string(name) + " from " + describe());
  }

  Result<WallTime> now(const Deadline& deadline) override;
  Result<uint64_t> clean(const Deadline& deadline) override;

 private:
  enum class Condition : uint8_t { None, IfAbsent };
  struct Head {
    ObjectInfo info;
    std::string token;
  };

  std::string key_of(std::string_view name) const { return settings_.prefix + std::string(name); }
  std::string new_token() { return to_hex(entropy_.bytes(16)); }
  std::vector<HttpHeader> object_headers(const std::string& token, const std::string& sha256_hex) const;

  Status put_object(std::string_view name, BytesView bytes, const Deadline& deadline);
  Status put_whole(std::string_view name, BytesView bytes, const std::string& token, Condition condition,
                   const Deadline& deadline);
  Status put_parts(std::string_view name, BytesView bytes, const std::string& token, const Deadline& deadline);
  Result<std::vector<S3Part>> send_parts(std::string_view name, BytesView bytes, const std::string& id,
                                         const Deadline& deadline);
  void abort_upload(const std::string& key, const std::string& id, const Deadline& deadline);
  // Whether the object that has the name is the one that the token's put made. NotFound: there is none.
  Result<bool> is_ours(std::string_view name, BytesView bytes, const std::string& token, const Deadline& deadline);

  Result<Head> look(std::string_view name, const Deadline& deadline);
  Result<Bytes> get_range(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline);
  Result<Bytes> get_checked(std::string_view name, uint64_t size_max, const Deadline& deadline);
  Status visit_page(const S3Listing& page, std::string_view prefix, const Visitor& visit);
  Result<uint64_t> clean_page(const S3Uploads& page, WallTime today, const Deadline& deadline);
  Result<uint64_t> upload_bytes(const S3Upload& upload, const Deadline& deadline);
  Status probe_conditions(const Deadline& deadline);

  Entropy& entropy_;
  const S3Settings settings_;
  S3Client client_;
};

std::vector<HttpHeader> S3Store::object_headers(const std::string& token, const std::string& sha256_hex) const {
  std::vector<HttpHeader> headers{{std::string(token_header), token}, {std::string(sha256_header), sha256_hex}};
  if (!settings_.encryption.empty()) headers.push_back({"x-amz-server-side-encryption", settings_.encryption});
  if (!settings_.kms_key.empty()) headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", settings_.kms_key});
  if (!settings_.storage_class.empty()) headers.push_back({"x-amz-storage-class", settings_.storage_class});
  return headers;
}

Status S3Store::put_object(std::string_view name, BytesView bytes, const Deadline& deadline) {
  const bool in_parts = bytes.size() > settings_.part_bytes;
  for (int round = 0; round < rounds_max; ++round) {
    const std::string token = new_token();
    Status status = in_parts ? put_parts(name, bytes, token, deadline)
                             : put_whole(name, bytes, token, Condition::IfAbsent, deadline);
    if (status.ok()) return status;
    // An upload that is not there any more was completed, and the answer lost; or somebody cleaned up.
    const bool is_unclear = status.error().code() == Code::NotFound && in_parts;
    if (status.error().code() != Code::Exists && !is_unclear) return status;
    Result<bool> ours = is_ours(name, bytes, token, deadline);
    if (ours.ok() && ours.value()) return {};
    if (ours.ok()) return Error(Code::Exists, "it is there already");
    if (ours.error().code() != Code::NotFound) return std::move(ours).error();
  }
  return again("it comes and goes under this name");
}

Status S3Store::put_whole(std::string_view name, BytesView bytes, const std::string& token, Condition condition,
                          const Deadline& deadline) {
  const Sha256 hash = sha256(bytes);
  S3Request request{.method = "PUT", .key = key_of(name), .body = bytes, .body_sha256 = to_hex(hash.bytes)};
  request.headers = object_headers(token, request.body_sha256);
  request.headers.push_back({"x-amz-checksum-sha256", to_base64(hash.bytes)});
  if (condition == Condition::IfAbsent) request.headers.push_back({"if-none-match", "*"});
  HF_TRY(client_.send(request, deadline));
  return {};
}

Status S3Store::put_parts(std::string_view name, BytesView bytes, const std::string& token, const Deadline& deadline) {
  // Parts are expensive to have sent for nothing.
  if (look(name, deadline).ok()) return Error(Code::Exists, "it is there already");
  std::string id;
  S3Request begin{.method = "POST", .key = key_of(name), .query = {{"uploads", ""}}, .answers_xml = true};
  begin.headers = object_headers(token, to_hex(sha256(bytes).bytes));
  begin.headers.push_back({"x-amz-checksum-algorithm", "SHA256"});
  begin.accept = [&](const HttpResponse& response) -> Status {
    Result<std::string> parsed = parse_s3_upload_id(response.body);
    if (!parsed.ok()) return again(parsed.error().message());
    id = std::move(parsed).value();
    return {};
  };
  HF_TRY(client_.send(begin, deadline));
  Result<std::vector<S3Part>> parts = send_parts(name, bytes, id, deadline);
  if (!parts.ok()) {
    abort_upload(key_of(name), id, deadline);
    return std::move(parts).error();
  }
  const std::string completion = make_s3_completion(parts.value());
  S3Request complete{.method = "POST",
                     .key = key_of(name),
                     .query = {{"uploadId", id}},
                     .headers = {{"if-none-match", "*"}},
                     .body = as_bytes(completion),
                     .answers_xml = true};
  complete.accept = [](const HttpResponse& response) -> Status {
    const Status parsed = parse_s3_completion(response.body);
    return parsed.ok() ? Status() : again(parsed.error().message());
  };
  Result<HttpResponse> completed = client_.send(complete, deadline);
  if (completed.ok()) return {};
  abort_upload(key_of(name), id, deadline);
  return std::move(completed).error();
}

Result<std::vector<S3Part>> S3Store::send_parts(std::string_view name, BytesView bytes, const std::string& id,
                                                const Deadline& deadline) {
  const uint64_t part_bytes = std::max<uint64_t>(settings_.part_bytes, bytes.size() / parts_max + 1);
  std::vector<S3Part> parts;
  while (!bytes.empty()) {
    const BytesView part = bytes.first(std::min<uint64_t>(part_bytes, bytes.size()));
    bytes = bytes.subspan(part.size());
    const Sha256 hash = sha256(part);
    const std::string checksum = to_base64(hash.bytes);
    S3Request request{.method = "PUT",
                      .key = key_of(name),
                      .query = {{"partNumber", std::to_string(parts.size() + 1)}, {"uploadId", id}},
                      .headers = {{"x-amz-checksum-sha256", checksum}},
                      .body = part,
                      .body_sha256 = to_hex(hash.bytes)};
    request.accept = [](const HttpResponse& response) -> Status {
      return response.header("etag").empty() ? again("a part without an ETag") : Status();
    };
    const HttpResponse response = HF_TRY(client_.send(request, deadline));
    parts.push_back({std::string(response.header("etag")), checksum});
  }
  return parts;
}

// What cannot be aborted now, clean() aborts.
void S3Store::abort_upload(const std::string& key, const std::string& id, const Deadline& deadline) {
  static_cast<void>(
      client_.send({.method = "DELETE", .key = key, .query = {{"uploadId", id}}}, deadline, open_patience).ok());
}

Result<bool> S3Store::is_ours(std::string_view name, BytesView bytes, const std::string& token,
                              const Deadline& deadline) {
  const Head head = HF_TRY(look(name, deadline));
  if (!head.token.empty() || head.info.size != bytes.size()) return head.token == token;
  // A server that does not keep our mark. Of equal bytes it does not matter whose they are.
  const Bytes found = HF_TRY(get_checked(name, bytes.size(), deadline));
  return equal(found, bytes);
}

Result<S3Store::Head> S3Store::look(std::string_view name, const Deadline& deadline) {
  Head head{.info = {.name = std::string(name)}, .token = ""};
  S3Request request{.method = "HEAD", .key = key_of(name)};
  request.accept = [&](const HttpResponse& response) -> Status {
    const std::optional<uint64_t> size = number_of(response.header("content-length"));
    const std::optional<WallTime> modified = parse_http_date(response.header("last-modified"));
    if (!size || !modified) return again("an answer without size and date");
    head.info.size = *size;
    head.info.modified = *modified;
    head.token = response.header(token_header);
    return {};
  };
  HF_TRY(client_.send(request, deadline));
  return head;
}

Result<Bytes> S3Store::get_range(std::string_view name, uint64_t offset, uint64_t length, const Deadline& deadline) {
  // There is no range of nothing, and none that ends beyond what a number can say.
  if (length == 0 || length > UINT64_MAX - offset) {
    const Head head = HF_TRY(look(name, deadline));
    if (offset > head.info.size || length > head.info.size - offset) return Error(Code::Corrupt, "it is too short");
    return Bytes();
  }
  S3Request request{.method = "GET", .key = key_of(name), .answer_bytes_max = length + failure_bytes_max};
  request.headers = {{"range", "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1)}};
  request.accept = [&](const HttpResponse& response) -> Status {
    const std::string_view range = response.header("content-range");  // bytes 3-6/10
    const bool is_whole = response.status == 200 && offset == 0 && response.body.size() == length;
    if (is_whole) return {};
    if (response.status != 206 || !range.starts_with("bytes " + std::to_string(offset) + "-"))
      return Error(Code::Unsupported, printable(client_.host()) + " does not give parts of objects");
    const std::optional<uint64_t> size = number_of(range.substr(range.rfind('/') + 1));
    if (size && (offset > *size || length > *size - offset)) return Error(Code::Corrupt, "it is too short");
    return response.body.size() == length ? Status() : again("fewer bytes came than were asked for");
  };
  return HF_TRY(client_.send(request, deadline)).body;
}

Result<Bytes> S3Store::get_checked(std::string_view name, uint64_t size_max, const Deadline& deadline) {
  int damaged = 0;
  S3Request request{.method = "GET", .key = key_of(name), .answer_bytes_max = size_max + failure_bytes_max};
  request.accept = [&](const HttpResponse& response) -> Status {
    if (response.body.size() > size_max) return Error(Code::Corrupt, "it is larger than it can be");
    const std::string_view wanted = response.header(sha256_header);
    if (wanted.empty() || wanted == to_hex(sha256(response.body).bytes)) return {};
    return Error(++damaged < damaged_max ? Code::Unavailable : Code::Corrupt, "it is not what was put");
  };
  return HF_TRY(client_.send(request, deadline)).body;
}

Status S3Store::list(std::string_view prefix, const Visitor& visit, const Deadline& deadline) {
  std::string next;
  do {
    S3Request request{.method = "GET", .key = "", .answers_xml = true};
    request.query = {{"list-type", "2"},
                     {"encoding-type", "url"},
                     {"max-keys", std::to_string(settings_.page_objects)},
                     {"prefix", settings_.prefix + std::string(prefix)}};
    if (!next.empty()) request.query.emplace_back("continuation-token", next);
    S3Listing page;
    request.accept = [&](const HttpResponse& response) -> Status {
      Result<S3Listing> parsed = parse_s3_listing(response.body);
      if (!parsed.ok()) return again(parsed.error().message());
      page = std::move(parsed).value();
      return {};
    };
    const Result<HttpResponse> listed = client_.send(request, deadline);
    if (!listed.ok()) return listed.error().clone().during("list " + describe());
    HF_TRY(visit_page(page, prefix, visit));
    if (!page.next.empty() && page.next == next)
      return Error(Code::Failed, "list " + describe() + ": it gives the same page again and again");
    next = page.next;
  } while (!next.empty());
  return {};
}

Status S3Store::visit_page(const S3Listing& page, std::string_view prefix, const Visitor& visit) {
  for (const S3Object& object : page.objects) {
    if (!object.key.starts_with(settings_.prefix)) continue;
    const std::string name = object.key.substr(settings_.prefix.size());
    // What cannot be an object is somebody else's, as in a directory.
    if (!check_object_name(name).ok() || !has_object_prefix(name, prefix)) continue;
    HF_TRY(visit({name, object.size, object.modified}));
  }
  return {};
}

Result<WallTime> S3Store::now(const Deadline& deadline) {
  WallTime time{};
  S3Request request{.method = "HEAD", .key = ""};
  request.accept = [&](const HttpResponse& response) -> Status {
    const std::optional<WallTime> date = parse_http_date(response.header("date"));
    if (!date) return again("an answer without a date");
    time = *date;
    return {};
  };
  const Result<HttpResponse> asked = client_.send(request, deadline);
  if (!asked.ok()) return asked.error().clone().during("ask " + describe() + " for its time");
  return time;
}

Result<uint64_t> S3Store::clean(const Deadline& deadline) {
  const WallTime today = HF_TRY(now(deadline));
  uint64_t freed = 0;
  S3Uploads page;
  do {
    S3Request request{.method = "GET", .key = "", .answers_xml = true};
    request.query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", settings_.prefix}};
    if (page.is_truncated) {
      request.query.emplace_back("key-marker", page.next_key);
      request.query.emplace_back("upload-id-marker", page.next_id);
    }
    request.accept = [&](const HttpResponse& response) -> Status {
      Result<S3Uploads> parsed = parse_s3_uploads(response.body);
      if (!parsed.ok()) return again(parsed.error().message());
      page = std::move(parsed).value();
      return {};
    };
    const Result<HttpResponse> listed = client_.send(request, deadline);
    // Whoever may not list them has a lifecycle rule for them, or has none to list.
    if (!listed.ok() && (listed.error().code() == Code::Denied || listed.error().code() == Code::Unsupported))
      return freed;
    if (!listed.ok()) return listed.error().clone().during("clean " + describe());
    freed += HF_TRY(clean_page(page, today, deadline));
  } while (page.is_truncated);
  return freed;
}

Result<uint64_t> S3Store::clean_page(const S3Uploads& page, WallTime today, const Deadline& deadline) {
  uint64_t freed = 0;
  for (const S3Upload& upload : page.uploads) {
    if (!upload.key.starts_with(settings_.prefix) || today - upload.initiated <= upload_age_max) continue;
    const Result<uint64_t> bytes = upload_bytes(upload, deadline);
    const Result<HttpResponse> aborted =
        client_.send({.method = "DELETE", .key = upload.key, .query = {{"uploadId", upload.id}}}, deadline);
    const bool is_gone = !aborted.ok() && aborted.error().code() == Code::NotFound;
    if (!aborted.ok() && !is_gone) return aborted.error().clone().during("clean " + describe());
    if (aborted.ok()) freed += bytes.ok() ? bytes.value() : 0;
  }
  return freed;
}

Result<uint64_t> S3Store::upload_bytes(const S3Upload& upload, const Deadline& deadline) {
  uint64_t bytes = 0;
  S3Parts page;
  do {
    S3Request request{.method = "GET", .key = upload.key, .query = {{"uploadId", upload.id}}, .answers_xml = true};
    if (!page.next.empty()) request.query.emplace_back("part-number-marker", page.next);
    const HttpResponse response = HF_TRY(client_.send(request, deadline));
    page = HF_TRY(parse_s3_parts(response.body));
    bytes += page.bytes;
  } while (!page.next.empty());
  return bytes;
}

// A list has a body to say why it is refused; a HEAD of the bucket has not.
Status S3Store::probe(bool create, const Deadline& deadline) {
  S3Request request{.method = "GET", .key = "", .answers_xml = true};
  request.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", settings_.prefix}};
  const Result<HttpResponse> answer = client_.send(request, deadline, open_patience);
  if (!answer.ok() && answer.error().code() == Code::NotFound && create)
    return Error(Code::Invalid, answer.error().message())
        .with_hint("make it first, with versioning and encryption as OPERATIONS.md, \"S3\", shows");
  if (!answer.ok() && answer.error().code() == Code::NotFound)
    return answer.error().clone().with_hint("are the bucket's name, the endpoint and the region right?");
  if (!answer.ok()) return answer.error().clone().during("open " + describe());
  return create ? probe_conditions(deadline) : Status();
}

// Two writers must never replace each other's objects. A server that does not know the condition must say so now.
Status S3Store::probe_conditions(const Deadline& deadline) {
  const std::string name = "tmp/probe-" + new_token();
  const BytesView bytes = as_bytes("holdfast tries conditional writes");
  const Status first = put_whole(name, bytes, new_token(), Condition::IfAbsent, deadline);
  Status second = first.ok() ? put_whole(name, bytes, new_token(), Condition::IfAbsent, deadline) : Status();
  static_cast<void>(client_.send({.method = "DELETE", .key = key_of(name)}, deadline, open_patience).ok());
  if (!first.ok()) return first.error().clone().during("try to write into " + describe());
  if (second.ok())
    return Error(Code::Unsupported, printable(client_.host()) + " ignores If-None-Match: it would overwrite objects")
        .with_hint("use a server with conditional writes: AWS S3, MinIO, Ceph 19, R2");
  if (second.error().code() != Code::Exists) return std::move(second).during("try conditional writes on " + describe());
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_s3_store(const StoreWorld& world, S3Settings settings, AwsCredentialsSource source,
                                             bool create, const Deadline& deadline) {
  AwsCredentials credentials = HF_TRY(source());
  auto store = std::make_unique<S3Store>(world, std::move(settings), std::move(source), std::move(credentials));
  HF_TRY(store->probe(create, deadline));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace hf
