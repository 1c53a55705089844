// Credentials: what opens a repository, from flags, the environment, the configuration or a person.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/program.h"
#include "base/secret_opener.h"
#include "config/config.h"
#include "crypto/signature.h"
#include "keys/envelope.h"

namespace hf {

struct NamedCredentials {
  std::string what;  // "passphrase file /etc/holdfast/passphrase", for people
  Credentials credentials;
};

// Which flags name them; "" where a verb has no such flag.
struct CredentialFlags {
  std::string_view passphrase_file, key_file, identity, recipient;
};
inline constexpr CredentialFlags opening_flags{"passphrase-file", "key-file", "identity", ""};

// All that those flags name; none if none is given. KeyMissing: a file is not there.
Result<std::vector<NamedCredentials>> credentials_of_flags(Context& context, const CredentialFlags& flags);
// Of these keys of the configuration those that can open, in this order. `to_wrap`: recipients, too.
Result<std::vector<NamedCredentials>> credentials_of_config(Context& context, const config::Config& config,
                                                            const std::vector<std::string>& keys, bool to_wrap);
// Flags, else the environment, else the configuration, else a person. KeyMissing if there is nobody to ask. Never
// empty.
Result<std::vector<NamedCredentials>> opening_credentials(Context& context, const config::Config* config);
// Asks twice, and until both are the same. Requires: an interactive terminal.
Result<NamedCredentials> ask_new_passphrase(Context& context);

// For sources and targets, whose options refer to secrets; `config` is copied from. The Context must outlive it.
SecretOpener secret_opener(Context& context, const config::Config* config);

Result<std::optional<Signer>> signer_of_flags(Context& context, const config::Config* config);

// A file with a key: - is standard input. One trailing newline is taken off a passphrase.
Result<Passphrase> read_key(Context& context, const std::string& path, bool is_passphrase);
Result<std::string> read_public_pem(Context& context, const std::string& path);

}  // namespace hf
