#include "repo/trust.h"

#include <charconv>
#include <sstream>

namespace hf {
namespace {

constexpr size_t trust_bytes_max = 16u << 20;
constexpr std::string_view title = "holdfast trust 1";

}  // namespace

Result<Trust> Trust::load(Fs& fs, std::string directory, const RepositoryId& repository) {
  Trust trust;
  trust.path_ = std::move(directory) + "/" + repository.hex() + ".trust";
  const Result<Bytes> bytes = read_whole_file(fs, trust.path_, trust_bytes_max);
  if (!bytes.ok()) {
    if (bytes.error().code() == Code::NotFound) return trust;
    return bytes.error().clone();
  }
  std::istringstream in{to_text(bytes.value())};
  const Error bad =
      Error(Code::Corrupt, "what was seen of this repository before cannot be read: " + trust.path_)
          .with_hint("remove that file to begin anew; then check the signer's fingerprint with 'holdfast key list'");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string kind, name, digest;
    SeenHead head;
    words >> kind >> name;
    if (kind == "signer") {
      trust.signers_.insert(name);
    } else if (kind == "head" && words >> head.sequence >> digest && Sha256::parse(digest)) {
      head.digest = *Sha256::parse(digest);
      trust.heads_[name] = head;
    } else {
      return bad.clone();
    }
  }
  if (trust.text() != as_text(bytes.value())) return bad.clone();
  return trust;
}

void Trust::pin_signer(const std::string& key_id) {
  changed_ = signers_.insert(key_id).second || changed_;
}

const SeenHead* Trust::head(const std::string& set_directory) const {
  const auto found = heads_.find(set_directory);
  return found == heads_.end() ? nullptr : &found->second;
}

void Trust::see_head(const std::string& set_directory, const SeenHead& head) {
  SeenHead& seen = heads_[set_directory];
  if (seen.sequence == head.sequence && seen.digest == head.digest) return;
  seen = head;
  changed_ = true;
}

void Trust::forget_head(const std::string& set_directory) {
  changed_ = heads_.erase(set_directory) > 0 || changed_;
}

void Trust::forget_copy(const std::string& copy) {
  const std::string prefix = copy + "/";
  changed_ = std::erase_if(heads_, [&](const auto& head) { return head.first.starts_with(prefix); }) > 0 || changed_;
}

std::string Trust::text() const {
  std::string text = std::string(title) + "\n";
  for (const std::string& signer : signers_) text += "signer " + signer + "\n";
  for (const auto& [set, head] : heads_)
    text += "head " + set + " " + std::to_string(head.sequence) + " " + head.digest.hex() + "\n";
  return text;
}

Status Trust::save(Fs& fs) {
  if (!changed_) return {};
  const std::string text = this->text();
  HF_TRY(fs.create_directories(path_.substr(0, path_.rfind('/')), 0700));
  HF_TRY(replace_whole_file(fs, path_, as_bytes(text), 0600).during("remember what was seen of the repository"));
  changed_ = false;
  return {};
}

}  // namespace hf
