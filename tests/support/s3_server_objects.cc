// What S3 does with objects, uploads and lists.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "crypto/hash.h"
#include "store/sigv4.h"
#include "support/s3_server.h"
#include "sys/http_date.h"

namespace hf {
namespace {

TestAnswer failed(int status, const std::string& code) {
  return {.status = status, .body = to_bytes("<Error><Code>" + code + "</Code></Error>")};
}

TestAnswer xml(const std::string& text) {
  return {.headers = {{"Content-Type", "application/xml"}},
          .body = to_bytes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text)};
}

std::string value_or(const std::map<std::string, std::string>& map, const std::string& name, std::string fallback) {
  const auto found = map.find(name);
  return found == map.end() ? fallback : found->second;
}

std::map<std::string, std::string> metadata_of(const std::map<std::string, std::string>& headers) {
  std::map<std::string, std::string> kept;
  for (const auto& [name, value] : headers)
    if (name.starts_with("x-amz-meta-") || name.starts_with("x-amz-server-side-encryption") ||
        name == "x-amz-storage-class")
      kept.emplace(name, value);
  return kept;
}

std::string etag_of(BytesView bytes) {
  return "\"" + to_hex(sha256(bytes).bytes).substr(0, 32) + "\"";
}

}  // namespace

WallTime S3Server::wall(const State& state) {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) + state.clock_offset;
}

void S3Server::change(State& state, const std::string& key, std::optional<Object> now) {
  const auto found = state.objects.find(key);
  state.changes.push_back({key, found == state.objects.end() ? std::nullopt : std::optional(found->second)});
  if (state.changes.size() > stale_changes_max) state.changes.pop_front();
  if (!now) return void(state.objects.erase(key));
  if (state.forgets_metadata) now->metadata.clear();
  now->modified = wall(state);
  state.objects.insert_or_assign(key, *std::move(now));
}

bool S3Server::is_taken(const State& state, const Call& call) {
  return !state.ignores_conditions && call.header("if-none-match") == "*" && state.objects.contains(call.key);
}

TestAnswer S3Server::put(State& state, const Call& call) {
  if (call.has("partNumber")) return failed(400, "InvalidRequest");
  if (is_taken(state, call)) return failed(412, "PreconditionFailed");
  change(state, call.key, Object{to_bytes(call.request.body), metadata_of(call.request.headers), {}});
  return {.headers = {{"ETag", etag_of(call.request.body)}}};
}

TestAnswer S3Server::get(const State& state, const Call& call) {
  const auto found = state.objects.find(call.key);
  if (found == state.objects.end()) return failed(404, "NoSuchKey");
  const Object& object = found->second;
  TestAnswer answer{.headers = {{"Last-Modified", format_http_date(object.modified)}, {"ETag", etag_of(object.bytes)}}};
  for (const auto& header : object.metadata) answer.headers.push_back(header);
  answer.length_of_head = object.bytes.size();
  const std::string range = call.header("range");  // bytes=3-6
  if (range.empty()) {
    answer.body = object.bytes;
    return answer;
  }
  const size_t dash = range.find('-');
  const uint64_t first = std::stoull(range.substr(6, dash - 6)), last = std::stoull(range.substr(dash + 1));
  if (first >= object.bytes.size()) return failed(416, "InvalidRange");
  const uint64_t end = std::min<uint64_t>(last, object.bytes.size() - 1) + 1;
  answer.status = 206;
  answer.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", first, end - 1, object.bytes.size()));
  answer.body = to_bytes(BytesView(object.bytes).subspan(first, end - first));
  return answer;
}

TestAnswer S3Server::bucket_call(State& state, const Call& call, S3Fault fault) {
  if (call.request.method == "HEAD") return {};
  if (call.has("list-type")) return list(state, call, fault);
  if (call.has("uploads")) return list_uploads(state, call);
  return failed(501, "NotImplemented");
}

TestAnswer S3Server::list(const State& state, const Call& call, S3Fault fault) {
  Objects objects = state.objects;
  if (fault == S3Fault::StaleList)
    for (auto change = state.changes.rbegin(); change != state.changes.rend(); ++change) {
      objects.erase(change->key);
      if (change->before) objects.emplace(change->key, *change->before);
    }
  const std::string prefix = value_or(call.query, "prefix", ""), after = value_or(call.query, "continuation-token", "");
  const size_t page = std::stoul(value_or(call.query, "max-keys", "1000"));
  std::string text, last;
  size_t count = 0;
  bool is_truncated = false;
  for (const auto& [key, object] : objects) {
    if (!key.starts_with(prefix) || key <= after) continue;
    is_truncated = count == page;
    if (is_truncated) break;
    text += fmt::format("<Contents><Key>{}</Key><LastModified>{}</LastModified><Size>{}</Size></Contents>",
                        uri_encode_path(key), format_time_rfc3339(object.modified), object.bytes.size());
    last = key;
    ++count;
  }
  if (is_truncated) text += "<NextContinuationToken>" + last + "</NextContinuationToken>";
  return xml(
      fmt::format("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><KeyCount>{}</KeyCount>"
                  "<IsTruncated>{}</IsTruncated>{}</ListBucketResult>",
                  count, is_truncated, text));
}

// In pages of two, so that paging is tried with few uploads.
TestAnswer S3Server::list_uploads(const State& state, const Call& call) {
  const std::string after = value_or(call.query, "upload-id-marker", "");
  std::string text, last_key, last_id;
  size_t count = 0;
  bool is_truncated = false;
  for (const auto& [id, upload] : state.uploads) {
    if (!upload.key.starts_with(value_or(call.query, "prefix", "")) || id <= after) continue;
    is_truncated = count == 2;
    if (is_truncated) break;
    text += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId><Initiated>{}</Initiated></Upload>",
                        uri_encode_path(upload.key), id, format_time_rfc3339(upload.initiated));
    last_key = upload.key, last_id = id;
    ++count;
  }
  return xml(
      fmt::format("<ListMultipartUploadsResult><IsTruncated>{}</IsTruncated><NextKeyMarker>{}</NextKeyMarker>"
                  "<NextUploadIdMarker>{}</NextUploadIdMarker>{}</ListMultipartUploadsResult>",
                  is_truncated, uri_encode_path(last_key), last_id, text));
}

TestAnswer S3Server::list_parts(const Upload& upload) {
  std::string text;
  for (const auto& [number, bytes] : upload.parts)
    text += fmt::format("<Part><PartNumber>{}</PartNumber><Size>{}</Size></Part>", number, bytes.size());
  return xml("<ListPartsResult><IsTruncated>false</IsTruncated>" + text + "</ListPartsResult>");
}

TestAnswer S3Server::upload_call(State& state, const Call& call) {
  const std::string& method = call.request.method;
  if (call.has("uploads")) {
    const std::string id = fmt::format("upload-{:08}", ++state.upload_number);
    state.uploads[id] = {call.key, metadata_of(call.request.headers), {}, wall(state)};
    return xml("<InitiateMultipartUploadResult><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>");
  }
  const std::string id = call.query.at("uploadId");
  const auto upload = state.uploads.find(id);
  if (upload == state.uploads.end() || upload->second.key != call.key) return failed(404, "NoSuchUpload");
  if (method == "GET") return list_parts(upload->second);
  if (method == "POST") return complete(state, call, id);
  if (method == "PUT") {
    upload->second.parts[static_cast<unsigned>(std::stoul(call.query.at("partNumber")))] = to_bytes(call.request.body);
    return {.headers = {{"ETag", etag_of(call.request.body)}}};
  }
  state.uploads.erase(upload);
  return {.status = 204};
}

TestAnswer S3Server::complete(State& state, const Call& call, const std::string& id) {
  if (is_taken(state, call)) return failed(412, "PreconditionFailed");
  Upload& upload = state.uploads.at(id);
  const std::string_view asked = as_text(call.request.body);
  Object whole{{}, upload.metadata, {}};
  size_t at = 0;
  for (const auto& [number, bytes] : upload.parts) {
    at = asked.find(fmt::format("<PartNumber>{}</PartNumber>", number), at);
    std::string etag = etag_of(bytes);
    const bool is_named = at != asked.npos && asked.find(to_base64(sha256(bytes).bytes), at) != asked.npos &&
                          asked.find(etag.substr(1, etag.size() - 2), at) != asked.npos;
    if (!is_named) return failed(400, "InvalidPart");
    append(whole.bytes, bytes);
  }
  change(state, call.key, std::move(whole));
  state.uploads.erase(id);
  return xml("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
}

void S3Server::age_uploads(Duration by) {
  state_.with([&](State& state) {
    for (auto& [id, upload] : state.uploads) upload.initiated -= by;
  });
}

size_t S3Server::object_count() {
  return state_.with([](State& state) { return state.objects.size(); });
}

size_t S3Server::upload_count() {
  return state_.with([](State& state) { return state.uploads.size(); });
}

std::optional<Bytes> S3Server::object(const std::string& key) {
  return state_.with([&](State& state) -> std::optional<Bytes> {
    const auto found = state.objects.find(key);
    if (found == state.objects.end()) return std::nullopt;
    return found->second.bytes;
  });
}

void S3Server::damage_object(const std::string& key) {
  state_.with([&](State& state) { state.objects.at(key).bytes.at(0) ^= std::byte{1}; });
}

std::string S3Server::metadata(const std::string& key, const std::string& header) {
  return state_.with([&](State& state) { return value_or(state.objects.at(key).metadata, header, ""); });
}

}  // namespace hf
