#include "config/secrets.h"

#include <string.h>
#include <strings.h>

#include "sys/entry.h"
#include "sys/fs.h"
#include "sys/process.h"

namespace hf::config {
namespace {

constexpr size_t secret_bytes_max = 64 << 10;
constexpr int links_max = 40;
constexpr std::chrono::seconds exec_budget{30};
constexpr uint32_t open_to_others = 0066;  // to read or write for group or world

enum class Privacy : uint8_t { Checked, Trusted };

// Bytes on their way into a Passphrase; wiped whatever happens. A vector that grew would leave pieces behind.
class Buffer {
 public:
  Buffer() : bytes_(secret_bytes_max + 1) {}
  ~Buffer() { explicit_bzero(bytes_.data(), bytes_.size()); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  BytesSpan space() { return std::as_writable_bytes(std::span(bytes_)).subspan(size_); }
  void grow(size_t count) { size_ += count; }
  Status append(BytesView more) {
    if (more.size() > space().size()) return Error(Code::Invalid, "more than 64 KiB");
    if (!more.empty()) memcpy(space().data(), more.data(), more.size());
    grow(more.size());
    return {};
  }
  Result<Passphrase> take() {
    if (size_ > secret_bytes_max) return Error(Code::Invalid, "more than 64 KiB");
    if (size_ > 0 && bytes_[size_ - 1] == '\n') --size_;
    if (size_ == 0) return Error(Code::KeyMissing, "it is empty");
    return Passphrase::take(std::vector(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(size_)));
  }

 private:
  std::vector<unsigned char> bytes_;
  size_t size_ = 0;
};

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Links are followed by hand, because a Directory never does; the mode that counts is that of the file at the end.
Result<std::unique_ptr<File>> open_path(Fs& fs, std::string path) {
  for (int links = 0; links < links_max; ++links) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (name.empty()) return Error(Code::Invalid, printable(path) + " does not name a file");
    const std::unique_ptr<Directory> directory = HF_TRY(fs.open_directory(directory_of(path)));
    if (HF_TRY(directory->info(name)).type != FileType::Symlink) return directory->open_file(name);
    const std::string link = HF_TRY(directory->read_link(name));
    path = link.starts_with('/') ? link : directory_of(path).append("/").append(link);
  }
  return Error(Code::Denied, printable(path) + ": too many symbolic links");
}

Result<Passphrase> from_file(Fs& fs, const std::string& path, Privacy privacy) {
  Result<std::unique_ptr<File>> opened = open_path(fs, path);
  if (!opened.ok() && opened.error().code() == Code::NotFound)
    return Error(Code::KeyMissing, "there is no file " + printable(path));
  const std::unique_ptr<File> file = HF_TRY(std::move(opened));
  const FileInfo info = HF_TRY(file->info());
  if (info.type == FileType::Directory) return Error(Code::Invalid, printable(path) + " is a directory");
  if (privacy == Privacy::Checked && info.type == FileType::File && (info.mode & open_to_others) != 0)
    return Error(Code::Refused, printable(path) + " is open to other users").with_hint("chmod 600 " + printable(path));
  Buffer buffer;
  buffer.grow(HF_TRY(file->read_at(0, buffer.space())));
  return buffer.take().during("read " + printable(path));
}

Result<Passphrase> from_env(const std::string& variable, const SecretWorld& world) {
  const std::optional<std::string> value = world.env(variable);
  if (!value) return Error(Code::KeyMissing, "the environment has no variable " + variable);
  Buffer buffer;
  HF_TRY(buffer.append(as_bytes(*value)));
  return buffer.take().during("variable " + variable);
}

Result<Passphrase> from_credential(const std::string& name, const SecretWorld& world) {
  if (name.find('/') != name.npos || name == "." || name == "..")
    return Error(Code::Invalid, "a credential's name is no path");
  const std::optional<std::string> directory = world.env("CREDENTIALS_DIRECTORY");
  if (!directory) {
    return Error(Code::KeyMissing, "no credentials were passed to this process")
        .with_hint("run it as a systemd service with LoadCredential=" + name + ":PATH");
  }
  // systemd grants its service access by an ACL, which the mode shows as access of the group.
  return from_file(world.fs, *directory + "/" + name, Privacy::Trusted);
}

Result<Passphrase> from_exec(const std::vector<std::string>& argv, const SecretWorld& world) {
  if (argv.empty()) return Error(Code::Invalid, "no program is named");
  ProcessSpec spec;
  spec.argv = argv;
  spec.environment["PATH"] = world.env("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const char* variable : {"HOME", "LANG"})
    if (const std::optional<std::string> value = world.env(variable)) spec.environment[variable] = *value;
  Buffer buffer;
  const ProcessEnd end = HF_TRY(world.process.run(
      spec, [&](BytesView more) { return buffer.append(more); }, Deadline(world.clock, exec_budget), world.stop));
  if (end.status != 0)
    return Error(Code::Failed, argv[0] + " ended with status " + std::to_string(end.status))
        .with_detail(end.stderr_text);
  return buffer.take().during(argv[0]);
}

Result<Passphrase> resolve_words(const SecretReference& reference, const SecretWorld& world) {
  HF_ASSERT(!reference.words.empty());
  const std::string& word = reference.words.front();
  switch (reference.from) {
    case SecretReference::From::Env:
      return from_env(word, world);
    case SecretReference::From::File:
      return from_file(world.fs, word, Privacy::Checked);
    case SecretReference::From::Credential:
      return from_credential(word, world);
    case SecretReference::From::Exec:
      return from_exec(reference.words, world);
  }
  return Error(Code::Invalid, "unknown kind of reference");
}

}  // namespace

Result<Passphrase> resolve(const SecretReference& reference, const SecretWorld& world) {
  return resolve_words(reference, world).during("secret " + reference.name);
}

Result<Passphrase> read_secret_file(Fs& fs, const std::string& path) {
  return from_file(fs, path, Privacy::Checked);
}

}  // namespace hf::config
