// Whatever bytes a server answers with.
#include <cstdlib>

#include "store/s3_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  const hf::BytesView body(reinterpret_cast<const std::byte*>(data), size);
  static_cast<void>(hf::parse_s3_failure(body));
  const hf::Result<hf::S3Listing> listing = hf::parse_s3_listing(body);
  if (listing.ok())
    for (const hf::S3Object& object : listing.value().objects)
      if (object.key.empty()) abort();
  static_cast<void>(hf::parse_s3_uploads(body).ok());
  static_cast<void>(hf::parse_s3_parts(body).ok());
  static_cast<void>(hf::parse_s3_upload_id(body).ok());
  static_cast<void>(hf::parse_s3_completion(body).ok());
  return 0;
}
