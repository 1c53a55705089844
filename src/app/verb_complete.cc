// What stands behind the completion scripts: candidates for the word being typed.
#include <algorithm>
#include <set>

#include "app/kinds.h"
#include "app/point_cache.h"
#include "app/verbs.h"

namespace hf {
namespace {

const OptionSpec* find_option(const Verb* verb, const std::string& word) {
  const auto matches = [&](const OptionSpec& option) {
    return word == "--" + std::string(option.name) ||
           (!option.letter.empty() && word == "-" + std::string(option.letter));
  };
  for (const OptionSpec& option : global_options())
    if (matches(option)) return &option;
  if (verb != nullptr)
    for (const OptionSpec& option : verb->options)
      if (matches(option)) return &option;
  return nullptr;
}

// Candidates, one a line: the word, a tab, what it is. Everything comes from the table and from this machine's cache.
class Completer {
 public:
  Completer(Context& context, std::vector<std::string> words) : context_(context), words_(std::move(words)) {
    if (words_.empty()) words_.emplace_back();
    current_ = words_.back();
    words_.pop_back();
  }

  void run() {
    read_words();
    if (waits_for_value_ != nullptr) return complete_value(*waits_for_value_);
    if (current_.starts_with('-')) return complete_flags();
    if (verb_ == nullptr) return complete_verbs();
    complete_argument();
  }

 private:
  void put(std::string_view word, std::string_view what) {
    if (word.starts_with(current_)) context_.out.print(std::string(word) + "\t" + std::string(what));
  }

  void read_words() {
    for (const std::string& word : words_) {
      if (std::exchange(waits_for_value_, nullptr) != nullptr) continue;
      if (word.starts_with('-')) {
        const OptionSpec* option = find_option(verb_, word);
        if (option != nullptr && !option->value.empty()) waits_for_value_ = option;
      } else if (verb_ == nullptr) {
        group_ += (group_.empty() ? "" : " ") + word;
        verb_ = find_verb(group_);
      } else {
        ++arguments_;
      }
    }
  }

  void complete_verbs() {
    std::set<std::string> seen;
    for (const Verb& verb : verbs()) {
      if (verb.hidden) continue;
      const std::string prefix = group_.empty() ? "" : group_ + " ";
      if (!verb.name.starts_with(prefix)) continue;
      const std::string rest(verb.name.substr(prefix.size()));
      const std::string word = rest.substr(0, rest.find(' '));
      if (seen.insert(word).second) put(word, word == rest ? verb.summary : group_summary(word));
    }
  }

  void complete_flags() {
    if (verb_ != nullptr)
      for (const OptionSpec& option : verb_->options) put("--" + std::string(option.name), option.help);
    for (const OptionSpec& option : global_options()) put("--" + std::string(option.name), option.help);
  }

  void complete_value(const OptionSpec& option) {
    if (option.name == "output")
      for (const std::string_view format : {"text", "json", "jsonl"}) put(format, "");
    else if (option.name == "level")
      for (const std::string_view level : {"integrity", "restored", "complete"}) put(level, "");
    else if (option.value == "POINT")
      complete_points();
    else if (option.name == "set")
      complete_sets();
    else if (option.value == "FILE" || option.value == "DIR" || option.value == "PATH")
      context_.out.print("__files__");
  }

  void complete_argument() {
    if (verb_->arguments.empty()) return;
    const ArgumentSpec& spec = verb_->arguments[std::min(arguments_, verb_->arguments.size() - 1)];
    if (arguments_ >= verb_->arguments.size() && spec.count != ArgumentSpec::Count::Any) return;
    for (const std::string_view choice : spec.choices) put(choice, "");
    if (spec.completes == ArgumentSpec::Completes::Files) context_.out.print("__files__");
    if (spec.completes == ArgumentSpec::Completes::Points) complete_points();
    if (spec.completes == ArgumentSpec::Completes::Sets) complete_sets();
    if (verb_->name == "backup")
      for (const SourceKind& kind : source_kinds()) put(std::string(kind.name) + ":", kind.help);
  }

  void complete_points() {
    put("latest", "the newest point");
    complete_sets();
    for (const RememberedPoint& point : remembered_points(context_, "")) put(point.id, point.set + ", " + point.time);
  }

  void complete_sets() {
    std::set<std::string> sets;
    for (const RememberedPoint& point : remembered_points(context_, "")) sets.insert(point.set);
    for (const std::string& set : sets) put(set, "a set");
  }

  Context& context_;
  std::vector<std::string> words_;
  std::string current_, group_;
  const Verb* verb_ = nullptr;
  const OptionSpec* waits_for_value_ = nullptr;
  size_t arguments_ = 0;
};

Result<Exit> run_complete(Context& context) {
  Completer(context, context.args.all("WORD")).run();
  return Exit::Done;
}

}  // namespace

Verb complete_verb() {
  Verb verb{
      .name = "__complete", .summary = "Candidates for a shell", .description = "Called by the completion scripts."};
  verb.arguments = {{"WORD", "what is typed so far", ArgumentSpec::Count::Any}};
  verb.examples = {"holdfast __complete -- re", "holdfast __complete -- restore ''",
                   "holdfast __complete -- backup --"};
  verb.run = run_complete;
  verb.hidden = true;
  return verb;
}

}  // namespace hf
