// Trust: what this machine has seen of a repository before: its signers and the newest head of each set.
//
// A store can only show what was really written, but it can show an old state, or leave out what is new. So the client
// keeps what it saw: an unknown signer, or a head older than one seen before, is refused until a person accepts it by
// name. Kept in a small text file beside the cache; losing it loses only the memory (the next run learns anew, as the
// first did).
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "sys/fs.h"

namespace hf {

struct SeenHead {
  uint64_t sequence = 0;
  Sha256 digest{};
};

class Trust {
 public:
  // From `directory`/<repository id>.trust, or nothing seen. Corrupt if the file is not as save() writes it.
  static Result<Trust> load(Fs& fs, std::string directory, const RepositoryId& repository);

  bool is_new() const { return signers_.empty(); }
  bool knows_signer(const std::string& key_id) const { return signers_.contains(key_id); }
  const std::set<std::string>& signers() const { return signers_; }
  void pin_signer(const std::string& key_id);
  const std::map<std::string, SeenHead>& heads() const { return heads_; }  // by set directory
  const SeenHead* head(const std::string& set_directory) const;
  void see_head(const std::string& set_directory, const SeenHead& head);
  void forget_head(const std::string& set_directory);
  void forget_copy(const std::string& copy);  // the heads seen in it, which are kept as COPY/SET
  // Writes it if something changed: whole or not at all.
  Status save(Fs& fs);

 private:
  std::string text() const;

  std::string path_;
  bool changed_ = false;
  std::set<std::string> signers_;
  std::map<std::string, SeenHead> heads_;
};

}  // namespace hf
