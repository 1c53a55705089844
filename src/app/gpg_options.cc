#include "app/gpg_options.h"

namespace hf {

GpgOptions gpg_options(Context& context) {
  GpgOptions options{.environment = {},
                     .home = context.args.text("gpg-homedir"),
                     .passphrase_file = context.args.text("gpg-passphrase-file"),
                     .recipients = context.args.all("recipient"),
                     .signer = context.args.text("sign-with")};
  for (const char* name : {"PATH", "HOME", "GNUPGHOME", "GPG_TTY", "TERM", "DISPLAY", "XDG_RUNTIME_DIR"})
    if (std::string value = context.program.environment(name); !value.empty())
      options.environment[name] = std::move(value);
  return options;
}

}  // namespace hf
