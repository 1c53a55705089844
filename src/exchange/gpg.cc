#include "exchange/gpg.h"

#include <algorithm>
#include <sstream>

#include "sys/entry.h"

namespace hf {
namespace {

constexpr std::string_view status_prefix = "[GNUPG:] ";
constexpr std::string_view armor = "-----BEGIN PGP MESSAGE-----";

using Words = std::vector<std::string>;

std::vector<Words> parse_status(const std::string& text) {
  std::vector<Words> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(status_prefix)) continue;
    std::istringstream words(line.substr(status_prefix.size()));
    Words found;
    for (std::string word; words >> word;) found.push_back(std::move(word));
    if (!found.empty()) lines.push_back(std::move(found));
  }
  return lines;
}

bool has(const std::vector<Words>& status, std::string_view keyword) {
  return std::any_of(status.begin(), status.end(), [&](const Words& words) { return words[0] == keyword; });
}

// What both directions give it.
ProcessSpec make_spec(const GpgOptions& options) {
  ProcessSpec spec{
      .argv = {"gpg", "--batch", "--no-tty", "--status-fd", "2"}, .environment = options.environment, .directory = ""};
  spec.environment["LC_ALL"] = "C.UTF-8";
  const auto add = [&](std::initializer_list<std::string> words) {
    spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  };
  if (!options.home.empty()) add({"--homedir", options.home});
  if (!options.passphrase_file.empty())
    add({"--pinentry-mode", "loopback", "--passphrase-file", options.passphrase_file});
  return spec;
}

Error key_problem(std::string what) {
  return Error(Code::KeyMissing, std::move(what))
      .with_hint("gpg --list-keys and gpg --list-secret-keys show the keys there are");
}

Result<ProcessEnd> run(Process& process, const ProcessSpec& spec, const std::function<Status(BytesView)>& put,
                       const Deadline& deadline, std::stop_token stop) {
  Result<ProcessEnd> end = process.run(spec, put, deadline, stop);
  if (!end.ok() && end.error().code() == Code::NotFound)
    return Error(Code::Unsupported, "there is no gpg").with_hint("install the package gnupg");
  return end;
}

Error encrypt_failure(const GpgOptions& options, const ProcessEnd& end) {
  const std::vector<Words> status = parse_status(end.stderr_text);
  for (const Words& words : status) {
    if (words[0] == "INV_RECP")
      return key_problem("gpg cannot encrypt to " + printable(words.size() > 2 ? words[2] : "a recipient") +
                         ": there is no such key, it has expired, or it is not trusted")
          .with_hint("import the key, and name it by its whole fingerprint: gpg --fingerprint")
          .with_detail(end.stderr_text);
    if (words[0] == "INV_SGNR" || words[0] == "NO_SECKEY")
      return key_problem("gpg has no key to sign with" +
                         (options.signer.empty() ? "" : ": " + printable(options.signer)))
          .with_detail(end.stderr_text);
  }
  return Error(Code::Failed, "gpg failed with status " + std::to_string(end.status))
      .with_hint("--show-detail shows what it said; a key with a passphrase needs its agent, or --gpg-passphrase-file")
      .with_detail(end.stderr_text);
}

}  // namespace

bool is_fingerprint(const std::string& text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  return text.size() == 40 && std::all_of(text.begin(), text.end(), is_hex);
}

// A packet with one of the tags that a message begins with (RFC 4880, 4.2 and 4.3), or a text around such.
bool looks_like_openpgp(BytesView first) {
  if (as_text(first).starts_with(armor)) return true;
  if (first.empty() || (first[0] & std::byte{0x80}) == std::byte{0}) return false;
  const bool is_new = (first[0] & std::byte{0x40}) != std::byte{0};
  const auto tag = static_cast<unsigned>(is_new ? first[0] & std::byte{0x3f} : (first[0] & std::byte{0x3c}) >> 2);
  constexpr unsigned encrypted_key = 1, signature = 2, symmetric_key = 3, one_pass = 4, compressed = 8;
  return tag == encrypted_key || tag == signature || tag == symmetric_key || tag == one_pass || tag == compressed;
}

Status gpg_encrypt(Process& process, const GpgOptions& options,
                   const std::function<Status(const ProcessInput& give)>& feed,
                   const std::function<Status(BytesView)>& put, const Deadline& deadline, std::stop_token stop) {
  ProcessSpec spec = make_spec(options);
  for (const std::string& recipient : options.recipients) {
    spec.argv.push_back("--recipient");
    spec.argv.push_back(recipient);
  }
  spec.argv.push_back("--quiet");
  if (!options.signer.empty()) {
    spec.argv.push_back("--local-user");
    spec.argv.push_back(options.signer);
  }
  // Whoever writes a whole fingerprint has said which key it shall be.
  if (std::all_of(options.recipients.begin(), options.recipients.end(), is_fingerprint))
    spec.argv.insert(spec.argv.end(), {"--trust-model", "always"});
  spec.argv.insert(spec.argv.end(), {"--compress-algo", "none", "--sign", "--encrypt", "--output", "-"});
  spec.input = feed;
  const ProcessEnd end = HF_TRY(run(process, spec, put, deadline, stop));
  const std::vector<Words> status = parse_status(end.stderr_text);
  if (end.status != 0 || !end.took_input || !has(status, "SIG_CREATED") || !has(status, "END_ENCRYPTION"))
    return encrypt_failure(options, end);
  return {};
}

Result<GpgOpened> judge_gpg_status(const std::string& text, int exit_status) {
  const std::vector<Words> status = parse_status(text);
  GpgOpened opened{.signature = std::nullopt, .was_encrypted = has(status, "DECRYPTION_OKAY")};
  size_t signatures = 0;
  for (const Words& words : status) {
    for (const char* bad : {"BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"})
      if (words[0] == bad)
        return Error(Code::KeyMissing, words[0] == "BADSIG" ? "the signature is bad: this is not what was signed"
                                       : words[0] == "ERRSIG"
                                           ? "the signature is by a key that is not in the keyring"
                                           : "the signature, or the key it is by, has expired or was revoked")
            .with_detail(text);
    if (words[0] == "GOODSIG") ++signatures;
    if (words[0] == "VALIDSIG" && words.size() > 10)
      opened.signature = GpgSignature{.fingerprint = words[1], .primary = words[10]};
  }
  if (has(status, "NO_SECKEY") && !opened.was_encrypted)
    return key_problem("no key of the keyring opens it").with_detail(text);
  const bool is_whole = exit_status == 0 && !has(status, "DECRYPTION_FAILED") && !has(status, "BADMDC");
  if (!is_whole)
    return Error(has(status, "DECRYPTION_FAILED") || has(status, "NODATA") || has(status, "BADMDC") ? Code::Corrupt
                                                                                                    : Code::Failed,
                 "gpg cannot open it: it is damaged, or its key's passphrase was not given")
        .with_hint(
            "--show-detail shows what gpg said; a key with a passphrase needs its agent, or --gpg-passphrase-file")
        .with_detail(text);
  if (signatures > 1 || (signatures == 1) != opened.signature.has_value())
    return Error(Code::KeyMissing, "it has several signatures, of which none can be told to be the one")
        .with_detail(text);
  if (opened.signature) opened.signature->is_trusted = has(status, "TRUST_FULLY") || has(status, "TRUST_ULTIMATE");
  return opened;
}

Result<GpgOpened> gpg_open(Process& process, const GpgOptions& options, const ByteRange& message,
                           const std::function<Status(BytesView)>& put, const Deadline& deadline,
                           std::stop_token stop) {
  ProcessSpec spec = make_spec(options);
  // Its own words go nowhere: a line of them must not be taken for one of its judgement. Quiet, it would not say that
  // the key is missing.
  spec.argv.insert(spec.argv.end(), {"--logger-file", "/dev/null", "--decrypt", "--output", "-"});
  spec.input = [&](const ProcessInput& give) { return each_block(message, give); };
  const ProcessEnd end = HF_TRY(run(process, spec, put, deadline, stop));
  GpgOpened opened = HF_TRY(judge_gpg_status(end.stderr_text, end.status));
  if (!end.took_input) return Error(Code::Corrupt, "there is more behind the message");
  return opened;
}

}  // namespace hf
