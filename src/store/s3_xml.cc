#include "store/s3_xml.h"

#include <charconv>
#include <pugixml.hpp>

#include "base/text.h"

namespace hf {
namespace {

Error not_whole() {
  return Error(Code::Corrupt, "the answer is not the XML that was asked for");
}

// The element of that name at the top. Deeper nesting than S3's own is not followed by anything here.
Result<pugi::xml_node> open(pugi::xml_document& document, BytesView body, const char* root) {
  const pugi::xml_parse_result parsed = document.load_buffer(
      body.data(), body.size(), pugi::parse_default | pugi::parse_trim_pcdata, pugi::encoding_utf8);
  const pugi::xml_node node = document.child(root);
  if (!parsed || !node) return not_whole();
  return node;
}

std::string text_of(const pugi::xml_node& node, const char* name) {
  return node.child_value(name);
}

std::optional<uint64_t> number_of(const std::string& text) {
  uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Result<std::string> url_decoded(const std::string& text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3) return not_whole();
    const int high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
    if (high < 0 || low < 0) return not_whole();
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

Result<WallTime> time_of(const std::string& text) {
  const Result<WallTime> time = parse_time(text);
  if (!time.ok()) return not_whole();
  return WallTime(std::chrono::floor<std::chrono::seconds>(time.value()));
}

Result<bool> truncation_of(const pugi::xml_node& node) {
  const std::string text = text_of(node, "IsTruncated");
  if (text != "true" && text != "false") return not_whole();
  return text == "true";
}

Result<S3Object> object_of(const pugi::xml_node& node) {
  const std::optional<uint64_t> size = number_of(text_of(node, "Size"));
  S3Object object{.key = HF_TRY(url_decoded(text_of(node, "Key"))),
                  .size = size.value_or(0),
                  .modified = HF_TRY(time_of(text_of(node, "LastModified")))};
  if (!size || object.key.empty()) return not_whole();
  return object;
}

}  // namespace

std::optional<S3Failure> parse_s3_failure(BytesView body) {
  pugi::xml_document document;
  const Result<pugi::xml_node> node = open(document, body, "Error");
  if (!node.ok()) return std::nullopt;
  return S3Failure{text_of(node.value(), "Code"), text_of(node.value(), "Message"), text_of(node.value(), "Region")};
}

Result<S3Listing> parse_s3_listing(BytesView body) {
  pugi::xml_document document;
  const pugi::xml_node root = HF_TRY(open(document, body, "ListBucketResult"));
  S3Listing listing;
  for (const pugi::xml_node node : root.children("Contents")) listing.objects.push_back(HF_TRY(object_of(node)));
  const std::optional<uint64_t> count = number_of(text_of(root, "KeyCount"));
  if (count && *count != listing.objects.size()) return not_whole();
  listing.next = text_of(root, "NextContinuationToken");
  // A page that says that there are more, and not how to get them, must not pass for the last.
  if (HF_TRY(truncation_of(root)) == listing.next.empty()) return not_whole();
  return listing;
}

Result<S3Uploads> parse_s3_uploads(BytesView body) {
  pugi::xml_document document;
  const pugi::xml_node root = HF_TRY(open(document, body, "ListMultipartUploadsResult"));
  S3Uploads page;
  for (const pugi::xml_node node : root.children("Upload")) {
    S3Upload upload{HF_TRY(url_decoded(text_of(node, "Key"))), text_of(node, "UploadId"),
                    HF_TRY(time_of(text_of(node, "Initiated")))};
    if (upload.key.empty() || upload.id.empty()) return not_whole();
    page.uploads.push_back(std::move(upload));
  }
  page.is_truncated = HF_TRY(truncation_of(root));
  page.next_key = HF_TRY(url_decoded(text_of(root, "NextKeyMarker")));
  page.next_id = text_of(root, "NextUploadIdMarker");
  if (page.is_truncated && page.next_key.empty()) return not_whole();
  return page;
}

Result<S3Parts> parse_s3_parts(BytesView body) {
  pugi::xml_document document;
  const pugi::xml_node root = HF_TRY(open(document, body, "ListPartsResult"));
  S3Parts page;
  for (const pugi::xml_node node : root.children("Part")) {
    const std::optional<uint64_t> size = number_of(text_of(node, "Size"));
    if (!size) return not_whole();
    page.bytes += *size;
  }
  if (!HF_TRY(truncation_of(root))) return page;
  page.next = text_of(root, "NextPartNumberMarker");
  if (page.next.empty()) return not_whole();
  return page;
}

Result<std::string> parse_s3_upload_id(BytesView body) {
  pugi::xml_document document;
  std::string id = text_of(HF_TRY(open(document, body, "InitiateMultipartUploadResult")), "UploadId");
  if (id.empty()) return not_whole();
  return id;
}

Status parse_s3_completion(BytesView body) {
  pugi::xml_document document;
  static_cast<void>(HF_TRY(open(document, body, "CompleteMultipartUploadResult")));
  return {};
}

std::string make_s3_completion(const std::vector<S3Part>& parts) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (size_t i = 0; i < parts.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned>(i + 1);
    part.append_child("ETag").text() = parts[i].etag.c_str();
    part.append_child("ChecksumSHA256").text() = parts[i].sha256.c_str();
  }
  struct Writer final : pugi::xml_writer {
    std::string text;
    void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
  } writer;
  document.save(writer, "", pugi::format_raw | pugi::format_no_declaration);
  return writer.text;
}

}  // namespace hf
