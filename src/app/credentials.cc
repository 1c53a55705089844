#include "app/credentials.h"

#include <algorithm>
#include <charconv>

#include "config/secrets.h"
#include "sys/entry.h"

namespace hf {
namespace {

constexpr size_t key_bytes_max = 64 << 10;
constexpr uint32_t open_to_others = 0066;  // to read or write for group or world

// What a shell's <(…) and /dev/stdin are: a descriptor that is open already, and cannot be read at an offset.
std::optional<int> descriptor_of(std::string_view path) {
  if (path == "-" || path == "/dev/stdin") return 0;
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(prefix)) continue;
    int number = -1;
    const auto [end, code] = std::from_chars(path.data() + prefix.size(), path.data() + path.size(), number);
    if (code == std::errc() && end == path.data() + path.size() && number >= 0) return number;
  }
  return std::nullopt;
}

Passphrase without_newline(Passphrase secret) {
  const std::span<const unsigned char> bytes = secret.reveal(Purpose::DeriveKey);
  if (bytes.empty() || bytes.back() != '\n') return secret;
  return Passphrase::take(std::vector<unsigned char>(bytes.begin(), bytes.end() - 1));
}

void warn_if_open(Context& context, const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string parent = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Result<std::unique_ptr<Directory>> directory = context.program.fs.open_directory(parent);
  if (!directory.ok()) return;
  const Result<FileInfo> info = directory.value()->info(path.substr(slash == path.npos ? 0 : slash + 1));
  if (info.ok() && info.value().type == FileType::File && (info.value().mode & open_to_others) != 0)
    context.out.remark("note: other users can read " + printable(path) + "; chmod 600 closes it");
}

Result<NamedCredentials> make(Context& context, std::string_view kind, const std::string& path) {
  NamedCredentials named{.what = std::string(kind) + " " + printable(path)};
  if (kind == "recipient") {
    named.credentials.recipient_pem = HF_TRY(read_public_pem(context, path));
    return named;
  }
  Passphrase secret = HF_TRY(read_key(context, path, kind == "passphrase file"));
  if (kind == "passphrase file")
    named.credentials.passphrase = std::move(secret);
  else if (kind == "key file")
    named.credentials.key_file = std::move(secret);
  else
    named.credentials.identity_pem = std::move(secret);
  return named;
}

config::SecretWorld secret_world(Context& context) {
  return {.fs = context.program.fs,
          .process = context.program.process,
          .clock = context.program.clock,
          .env = [&context](std::string_view name) -> std::optional<std::string> {
            std::string value = context.program.environment(std::string(name).c_str());
            if (value.empty()) return std::nullopt;
            return value;
          },
          .stop = context.program.stop};
}

Result<Passphrase> open_secret(Context& context, const config::Named<config::SecretReference>& secrets,
                               const std::string& reference) {
  using From = config::SecretReference::From;
  if (reference.starts_with("$")) {
    const auto secret = secrets.find(reference.substr(1));
    if (secret == secrets.end()) return Error(Code::Invalid, "no secret is named " + printable(reference.substr(1)));
    return config::resolve(secret->second, secret_world(context));
  }
  const size_t colon = std::min(reference.find(':'), reference.size());
  const std::string way = reference.substr(0, colon), rest = reference.substr(std::min(colon + 1, reference.size()));
  if ((way != "env" && way != "file") || rest.empty())
    // What was given may be the secret itself, so it is not repeated.
    return Error(Code::Invalid, "a secret is given by a reference").with_hint("write env:NAME or file:PATH");
  return config::resolve({.name = reference, .from = way == "env" ? From::Env : From::File, .words = {rest}},
                         secret_world(context));
}

Result<NamedCredentials> make_of_config(Context& context, const config::Config& config, const config::KeyConfig& key) {
  using Kind = config::KeyConfig::Kind;
  if (key.kind == Kind::File) return make(context, "key file", key.path);
  if (key.kind == Kind::Identity) return make(context, "identity", key.path);
  if (key.kind == Kind::Recipient) return make(context, "recipient", key.path);
  NamedCredentials named{.what = "passphrase " + key.secret};
  named.credentials.passphrase = HF_TRY(open_secret(context, config.secrets, "$" + key.secret));
  return named;
}

}  // namespace

SecretOpener secret_opener(Context& context, const config::Config* config) {
  return [&context, secrets = config == nullptr ? config::Named<config::SecretReference>()
                                                : config->secrets](const std::string& reference) -> Result<Credential> {
    const Passphrase secret = HF_TRY(open_secret(context, secrets, reference));
    const std::span<const unsigned char> bytes = secret.reveal(Purpose::Authenticate);
    return Credential::take(std::vector<unsigned char>(bytes.begin(), bytes.end()));
  };
}

Result<Passphrase> read_key(Context& context, const std::string& path, bool is_passphrase) {
  if (const std::optional<int> descriptor = descriptor_of(path)) {
    Passphrase secret =
        HF_TRY(context.program.terminal.read_secret(*descriptor, key_bytes_max).during("read " + printable(path)));
    return is_passphrase ? without_newline(std::move(secret)) : std::move(secret);
  }
  Result<Bytes> read = read_whole_file(context.program.fs, path, key_bytes_max);
  if (!read.ok()) {
    if (read.error().code() != Code::NotFound) return std::move(read).error().during("read a key");
    return Error(Code::KeyMissing, "there is no file " + printable(path)).with_hint("correct the path of the key");
  }
  Bytes bytes = std::move(read).value();
  warn_if_open(context, path);
  std::vector<unsigned char> copy(as_uchar(BytesView(bytes)), as_uchar(BytesView(bytes)) + bytes.size());
  explicit_bzero(bytes.data(), bytes.size());
  Passphrase secret = Passphrase::take(std::move(copy));
  return is_passphrase ? without_newline(std::move(secret)) : std::move(secret);
}

Result<std::string> read_public_pem(Context& context, const std::string& path) {
  Result<Bytes> bytes = read_whole_file(context.program.fs, path, key_bytes_max);
  if (!bytes.ok() && bytes.error().code() == Code::NotFound)
    return Error(Code::KeyMissing, "there is no file " + printable(path)).with_hint("correct the path of the key");
  return to_text(HF_TRY(std::move(bytes)));
}

Result<std::vector<NamedCredentials>> credentials_of_flags(Context& context, const CredentialFlags& flags) {
  std::vector<NamedCredentials> found;
  const std::pair<std::string_view, std::string_view> kinds[] = {{flags.passphrase_file, "passphrase file"},
                                                                 {flags.key_file, "key file"},
                                                                 {flags.identity, "identity"},
                                                                 {flags.recipient, "recipient"}};
  for (const auto& [flag, kind] : kinds)
    if (!flag.empty())
      for (const std::string& path : context.args.all(flag)) found.push_back(HF_TRY(make(context, kind, path)));
  return found;
}

Result<std::vector<NamedCredentials>> credentials_of_config(Context& context, const config::Config& config,
                                                            const std::vector<std::string>& keys, bool to_wrap) {
  std::vector<NamedCredentials> found;
  std::optional<Error> first_failure;
  for (const std::string& name : keys) {
    const auto key = config.keys.find(name);
    if (key == config.keys.end() || key->second.kind == config::KeyConfig::Kind::Signing) continue;
    if (!to_wrap && key->second.kind == config::KeyConfig::Kind::Recipient) continue;
    Result<NamedCredentials> made = make_of_config(context, config, key->second).during("key " + name);
    // One of several that is not on this machine need not stop the others.
    if (made.ok())
      found.push_back(std::move(made).value());
    else if (made.error().code() != Code::KeyMissing || to_wrap)
      return std::move(made).error();
    else if (!first_failure)
      first_failure = std::move(made).error();
  }
  if (found.empty() && first_failure) return std::move(*first_failure);
  return found;
}

Result<std::vector<NamedCredentials>> opening_credentials(Context& context, const config::Config* config) {
  std::vector<NamedCredentials> found = HF_TRY(credentials_of_flags(context, opening_flags));
  if (!found.empty()) return found;
  if (const std::string path = context.program.environment("HOLDFAST_PASSPHRASE_FILE"); !path.empty()) {
    found.push_back(HF_TRY(make(context, "passphrase file", path).during("$HOLDFAST_PASSPHRASE_FILE")));
    return found;
  }
  if (config != nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, key] : config->keys) names.push_back(name);
    found = HF_TRY(credentials_of_config(context, *config, names, false));
    if (!found.empty()) return found;
  }
  if (!context.program.terminal.is_interactive())
    return Error(Code::KeyMissing, "no key given")
        .with_hint(
            "--passphrase-file FILE, --key-file FILE, --identity FILE or $HOLDFAST_PASSPHRASE_FILE opens the "
            "repository");
  NamedCredentials asked{.what = "passphrase typed"};
  asked.credentials.passphrase = HF_TRY(context.program.terminal.ask_secret("Passphrase: ", context.program.stop));
  found.push_back(std::move(asked));
  return found;
}

Result<NamedCredentials> ask_new_passphrase(Context& context) {
  Terminal& terminal = context.program.terminal;
  for (;;) {
    Passphrase first = HF_TRY(terminal.ask_secret("New passphrase: ", context.program.stop));
    const Passphrase again = HF_TRY(terminal.ask_secret("The same again: ", context.program.stop));
    const auto a = first.reveal(Purpose::DeriveKey), b = again.reveal(Purpose::DeriveKey);
    if (!a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end())) {
      NamedCredentials asked{.what = "passphrase typed"};
      asked.credentials.passphrase = std::move(first);
      return asked;
    }
    terminal.write_error(a.empty() ? "It is empty.\n" : "They differ.\n");
  }
}

Result<std::optional<Signer>> signer_of_flags(Context& context, const config::Config* config) {
  std::string path = context.args.text("signing-key");
  if (path.empty() && config != nullptr) {
    for (const auto& [name, set] : config->sets) {
      const auto key = config->keys.find(set.policy.sign);
      if (key != config->keys.end() && path.empty()) path = key->second.path;
    }
  }
  if (path.empty()) return std::optional<Signer>();
  const Passphrase pem = HF_TRY(read_key(context, path, false));
  return std::optional<Signer>(HF_TRY(Signer::from_pem(pem).during("signing key " + printable(path))));
}

}  // namespace hf
