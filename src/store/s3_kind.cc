// The options of an S3 target and the URL s3://BUCKET/PREFIX: what is not given comes from the environment, as AWS's
// own tools have it.
#include <algorithm>

#include "base/text.h"
#include "store/object_name.h"
#include "store/s3.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr Duration open_budget = std::chrono::minutes(2);

std::string option(const StoreOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

std::string option_or(const StoreWorld& world, const StoreOptions& options, std::string_view name,
                      std::initializer_list<const char*> variables) {
  if (std::string value = option(options, name); !value.empty()) return value;
  for (const char* variable : variables)
    if (std::string value = world.environment(variable); !value.empty()) return value;
  return "";
}

Result<bool> flag(const StoreOptions& options, std::string_view name, bool fallback) {
  const std::string value = option(options, name);
  if (value.empty()) return fallback;
  if (value != "true" && value != "false") return Error(Code::Invalid, std::string(name) + " is true or false");
  return value == "true";
}

bool is_bucket_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return name.size() >= 3 && name.size() <= 63 && std::all_of(name.begin(), name.end(), is_allowed) &&
         name.front() != '-' && name.front() != '.' && name.find("..") == name.npos;
}

Result<std::string> prefix_of(std::string prefix) {
  const size_t begin = std::min(prefix.find_first_not_of('/'), prefix.size());
  prefix.erase(0, begin);
  while (prefix.ends_with('/')) prefix.pop_back();
  if (prefix.empty()) return prefix;
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '/';
  };
  const std::string framed = "/" + prefix + "/";
  const bool is_path =
      framed.find("//") == framed.npos && framed.find("/./") == framed.npos && framed.find("/../") == framed.npos;
  if (!is_path || !std::all_of(prefix.begin(), prefix.end(), is_allowed) || prefix.size() > 500)
    return Error(Code::Invalid, "a prefix consists of letters, digits, - . _ and /");
  return prefix + "/";
}

// scheme://host[:port]
Result<std::string> endpoint_of(std::string endpoint, const std::string& region) {
  if (endpoint.empty()) return "https://s3." + region + ".amazonaws.com";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const size_t host = endpoint.find("://") + 3;
  const bool has_scheme = endpoint.starts_with("https://") || endpoint.starts_with("http://");
  if (!has_scheme || host >= endpoint.size() || endpoint.find_first_of("/?#@ ", host) != endpoint.npos)
    return Error(Code::Invalid, "the endpoint is no address").with_hint("endpoint: https://HOST[:PORT]");
  return endpoint;
}

Result<S3Address> address_of(const StoreWorld& world, const StoreOptions& options) {
  S3Address address{.bucket = option(options, "bucket")};
  if (!is_bucket_name(address.bucket))
    return Error(Code::Invalid, "not the name of a bucket: " + printable(address.bucket))
        .with_hint("give --repo s3://BUCKET/PREFIX, or `bucket` in the configuration");
  const std::string endpoint = option_or(world, options, "endpoint", {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  address.region = option_or(world, options, "region", {"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (address.region.empty()) address.region = find_aws_region(world, options);
  if (address.region.empty() && endpoint.empty())
    return Error(Code::Invalid, "in which region is bucket " + address.bucket + "?")
        .with_hint(
            "set `region` in the configuration, or AWS_REGION; for a server of your own `endpoint`, or "
            "AWS_ENDPOINT_URL");
  if (address.region.empty()) address.region = "us-east-1";  // what servers without regions take
  address.endpoint = HF_TRY(endpoint_of(endpoint, address.region));
  // A certificate for *.HOST does not cover a bucket with dots, and few servers but AWS have names for buckets.
  const bool is_aws = address.endpoint.ends_with(".amazonaws.com");
  const bool has_dots = address.bucket.find('.') != address.bucket.npos;
  address.path_style = HF_TRY(flag(options, "path_style", !is_aws || has_dots));
  address.tls.ca_file = option_or(world, options, "ca_file", {"AWS_CA_BUNDLE"});
  address.tls.allow_1_2 = HF_TRY(flag(options, "allow_tls_1_2", false));
  return address;
}

Result<S3Settings> settings_of(const StoreWorld& world, const StoreOptions& options) {
  S3Settings settings{.address = HF_TRY(address_of(world, options)),
                      .prefix = HF_TRY(prefix_of(option(options, "prefix"))),
                      .encryption = option(options, "encryption"),
                      .kms_key = option(options, "kms_key"),
                      .storage_class = option(options, "storage_class")};
  if (!settings.kms_key.empty() && settings.encryption.empty()) settings.encryption = "aws:kms";
  if (const std::string patience = option(options, "retry_for"); !patience.empty())
    settings.limits.retry.patience = HF_TRY(parse_duration(patience).during("retry_for"));
  if (const std::string size = option(options, "part_size"); !size.empty())
    settings.part_bytes = HF_TRY(parse_size(size).during("part_size"));
  if (settings.part_bytes < (5u << 20) || settings.part_bytes > (5ull << 30))
    return Error(Code::Invalid, "part_size is from 5 MiB to 5 GiB: S3 takes no other parts");
  return settings;
}

Result<std::unique_ptr<Store>> open(const StoreWorld& world, const StoreOptions& options, bool create) {
  S3Settings settings = HF_TRY(settings_of(world, options));
  const AwsCredentialsSource source = [world, options] { return find_aws_credentials(world, options); };
  return open_s3_store(world, std::move(settings), source, create, Deadline(world.clock, open_budget));
}

Result<StoreOptions> parse(std::string_view rest) {
  const size_t slash = std::min(rest.find('/'), rest.size());
  StoreOptions options{{"bucket", std::string(rest.substr(0, slash))}};
  if (!is_bucket_name(options["bucket"]))
    return Error(Code::Invalid, "s3:// is followed by the name of a bucket").with_hint("--repo s3://BUCKET/PREFIX");
  options["prefix"] = HF_TRY(prefix_of(std::string(rest.substr(slash))));
  return options;
}

}  // namespace

StoreKind s3_store_kind() {
  return {.name = "s3",
          .help = "Objects in a bucket of AWS S3, MinIO or another server with conditional writes.",
          .scheme = "s3",
          .options =
              {{.name = "bucket", .help = "the bucket; it must be there", .required = true},
               {.name = "prefix", .help = "what the names of all objects begin with, as a path"},
               {.name = "region", .help = "the bucket's region; else $AWS_REGION, or the profile's"},
               {.name = "endpoint", .help = "https://HOST[:PORT] of another server than AWS; else $AWS_ENDPOINT_URL"},
               {.name = "path_style",
                .help = "true: the bucket is in the path, not in the host's name; by default so for all but AWS"},
               {.name = "access_key", .help = "the access key's id; without it, what AWS's tools would use"},
               {.name = "secret_key", .help = "the secret of access_key", .secret = true},
               {.name = "session_token", .help = "of temporary credentials", .secret = true},
               {.name = "profile", .help = "of the shared credentials file; else $AWS_PROFILE"},
               {.name = "credentials_file", .help = "the shared credentials file; else ~/.aws/credentials"},
               {.name = "ca_file", .help = "PEM file of the authorities to trust, instead of the system's"},
               {.name = "allow_tls_1_2", .help = "true: for a server that has no TLS 1.3"},
               {.name = "encryption",
                .help = "what the server is to encrypt with: aws:kms or AES256; else as the bucket says"},
               {.name = "kms_key", .help = "the id of the key in the server's KMS"},
               {.name = "storage_class", .help = "such as STANDARD_IA; none that must be thawed before it can be read"},
               {.name = "part_size", .help = "larger objects are sent in parts of this size; 64MiB by default"},
               {.name = "retry_for", .help = "how long a server that does not answer is asked again; 5m by default"}},
          .open = open,
          .parse = parse};
}

}  // namespace hf
