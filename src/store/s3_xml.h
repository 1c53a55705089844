// The XML that S3 answers with, and the little that it is sent. Hostile bytes give Corrupt, never more.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace hf {

// <Error>. The message is the server's own words.
struct S3Failure {
  std::string code, message, region;
};

struct S3Object {
  std::string key;
  uint64_t size = 0;
  WallTime modified{};  // whole seconds, as in the header Last-Modified
};

// A page of ListObjectsV2 with encoding-type=url.
struct S3Listing {
  std::vector<S3Object> objects;
  std::string next;  // continuation-token of the next page; "": this is the last
};

struct S3Upload {
  std::string key, id;
  WallTime initiated{};
};

// A page of ListMultipartUploads with encoding-type=url.
struct S3Uploads {
  std::vector<S3Upload> uploads;
  bool is_truncated = false;
  std::string next_key, next_id;
};

// A page of ListParts.
struct S3Parts {
  uint64_t bytes = 0;
  std::string next;  // part-number-marker of the next page; "": this is the last
};

struct S3Part {
  std::string etag;
  std::string sha256;  // base64
};

// Nothing unless it is an <Error>, whatever the status of the answer was.
std::optional<S3Failure> parse_s3_failure(BytesView body);
Result<S3Listing> parse_s3_listing(BytesView body);
Result<S3Uploads> parse_s3_uploads(BytesView body);
Result<S3Parts> parse_s3_parts(BytesView body);
Result<std::string> parse_s3_upload_id(BytesView body);
Status parse_s3_completion(BytesView body);

// The body of CompleteMultipartUpload: parts in their order, counted from 1.
std::string make_s3_completion(const std::vector<S3Part>& parts);

}  // namespace hf
