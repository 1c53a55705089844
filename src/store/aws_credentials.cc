#include "store/aws_credentials.h"

#include "base/text.h"
#include "crypto/wipe.h"
#include "sys/entry.h"
#include "sys/fs.h"

namespace hf {
namespace {

constexpr uint64_t config_bytes_max = 1 << 20;

std::string option(const StoreOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

Credential to_credential(std::string_view text) {
  return Credential::take({text.begin(), text.end()});
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const size_t begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

// Calls `visit` for each `key = value` of a section, as AWS's files have them. False: there is no such section.
bool read_section(std::string_view text, std::string_view section,
                  const std::function<void(std::string_view key, std::string_view value)>& visit) {
  bool is_inside = false, is_found = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view raw = text.substr(0, end);
    const std::string_view line = trimmed(raw);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      is_inside = line.ends_with(']') && trimmed(line.substr(1, line.size() - 2)) == section;
      is_found = is_found || is_inside;
      continue;
    }
    const size_t equals = line.find('=');
    // An indented line belongs to a nested setting.
    if (!is_inside || equals == line.npos || raw.front() == ' ' || raw.front() == '\t') continue;
    visit(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
  }
  return is_found;
}

std::string profile_of(const StoreWorld& world, const StoreOptions& options) {
  if (std::string profile = option(options, "profile"); !profile.empty()) return profile;
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"})
    if (std::string profile = world.environment(variable); !profile.empty()) return profile;
  return "default";
}

std::string path_of(const StoreWorld& world, const StoreOptions& options, std::string_view name, const char* variable,
                    const char* below_home) {
  if (std::string path = option(options, name); !path.empty()) return path;
  if (std::string path = world.environment(variable); !path.empty()) return path;
  const std::string home = world.environment("HOME");
  return home.empty() ? "" : home + below_home;
}

Result<AwsCredentials> from_options(const StoreWorld& world, const StoreOptions& options) {
  AwsCredentials found{.keys = {}, .from = "the options access_key and secret_key"};
  found.keys.access_key = option(options, "access_key");
  const std::string secret = option(options, "secret_key"), token = option(options, "session_token");
  if (secret.empty() || found.keys.access_key.empty())
    return Error(Code::Invalid, "access_key and secret_key go together");
  found.keys.secret_key = HF_TRY(world.secret(secret));
  if (!token.empty()) found.keys.session_token = HF_TRY(world.secret(token));
  return found;
}

Result<AwsCredentials> from_environment(const StoreWorld& world) {
  AwsCredentials found{.keys = {}, .from = "the environment (AWS_ACCESS_KEY_ID)"};
  found.keys.access_key = world.environment("AWS_ACCESS_KEY_ID");
  Result<Credential> secret = world.secret("env:AWS_SECRET_ACCESS_KEY");
  if (!secret.ok()) return std::move(secret).error().during("AWS_ACCESS_KEY_ID is set, its secret is not");
  found.keys.secret_key = std::move(secret).value();
  if (!world.environment("AWS_SESSION_TOKEN").empty())
    found.keys.session_token = HF_TRY(world.secret("env:AWS_SESSION_TOKEN"));
  return found;
}

Result<AwsCredentials> from_file(const StoreWorld& world, const std::string& path, const std::string& profile) {
  const Credential content = HF_TRY(world.secret("file:" + path).during("read AWS credentials"));
  AwsCredentials found{
      .keys = {}, .from = "profile " + printable(profile) + " of " + printable(path), .can_change = true};
  const std::string_view text = as_text(reveal_bytes(content, Purpose::Authenticate));
  const bool is_there = read_section(text, profile, [&](std::string_view key, std::string_view value) {
    if (key == "aws_access_key_id") found.keys.access_key = value;
    if (key == "aws_secret_access_key") found.keys.secret_key = to_credential(value);
    if (key == "aws_session_token") found.keys.session_token = to_credential(value);
  });
  if (!is_there) return Error(Code::Invalid, "no profile " + printable(profile) + " in " + printable(path));
  if (found.keys.access_key.empty() || found.keys.secret_key.size() == 0)
    return Error(Code::Invalid, found.from + " has no aws_access_key_id and aws_secret_access_key");
  return found;
}

}  // namespace

Result<AwsCredentials> find_aws_credentials(const StoreWorld& world, const StoreOptions& options) {
  if (!option(options, "access_key").empty() || !option(options, "secret_key").empty())
    return from_options(world, options);
  const bool is_named = !option(options, "profile").empty() || !option(options, "credentials_file").empty();
  if (!is_named && !world.environment("AWS_ACCESS_KEY_ID").empty()) return from_environment(world);
  const std::string path =
      path_of(world, options, "credentials_file", "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials");
  const std::string profile = profile_of(world, options);
  Result<AwsCredentials> found =
      path.empty() ? Error(Code::KeyMissing, "no home directory") : from_file(world, path, profile);
  if (found.ok() || found.error().code() != Code::KeyMissing || is_named) return found;
  return Error(Code::KeyMissing, "no credentials for S3")
      .with_hint(
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile into ~/.aws/credentials, or name "
          "access_key and secret_key in the configuration");
}

std::string find_aws_region(const StoreWorld& world, const StoreOptions& options) {
  const std::string path = path_of(world, {}, "", "AWS_CONFIG_FILE", "/.aws/config");
  const Result<Bytes> content =
      path.empty() ? Error(Code::NotFound, "") : read_whole_file(world.fs, path, config_bytes_max);
  if (!content.ok()) return "";
  const std::string profile = profile_of(world, options);
  std::string region;
  read_section(as_text(content.value()), profile == "default" ? profile : "profile " + profile,
               [&](std::string_view key, std::string_view value) {
                 if (key == "region") region = value;
               });
  return region;
}

}  // namespace hf
