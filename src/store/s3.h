// Objects in a bucket of S3, or of what speaks its language: MinIO, Ceph, R2 and others with conditional writes.
//
// put: one PUT that the server carries out only if the name is free (If-None-Match), or, above `part_bytes`, parts and
// a completion under the same condition. Each put marks its object with a random token: so when an answer was
// lost and the name is taken at the next try, the token says by whom. A put that has returned is durable.
//
// Bytes are checked at both ends: the server gets their SHA-256 in the signature and refuses others; whole objects
// are compared with the SHA-256 that they were put with. Parts of objects are not: who reads them verifies them.
//
// Versioned buckets: what was removed is absent here, though its versions stay until a lifecycle rule expires them.
#pragma once

#include "store/s3_client.h"
#include "store/store.h"

namespace hf {

struct S3Settings {
  S3Address address;
  std::string prefix;         // "" or "path/to/": before every name
  std::string encryption;     // "": as the bucket says; "aws:kms", "AES256"
  std::string kms_key;        // "": the bucket's or the account's own
  std::string storage_class;  // "": as the bucket says
  uint64_t part_bytes = 64 << 20;
  unsigned page_objects = 1000;
  S3Limits limits;
};

// NotFound: no such bucket; Denied: the credentials do not do. With `create`, Invalid for no such bucket, and
// Unsupported if the server ignores the condition on which no object is ever overwritten, or does not encrypt as it was
// asked to.
Result<std::unique_ptr<Store>> open_s3_store(const StoreWorld& world, S3Settings settings, AwsCredentialsSource source,
                                             bool create, const Deadline& deadline);

StoreKind s3_store_kind();

}  // namespace hf
