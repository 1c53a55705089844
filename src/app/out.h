// Out: everything the program says, in the format that was asked for.
//
// text: results on standard output, remarks and errors on standard error. json: one document on standard output and
// nothing else there. jsonl: one event a line, the last is `summary` or `error`. A failed write is kept and makes the
// program fail.
#pragma once

#include <optional>

#include "app/exit_code.h"
#include "app/json.h"
#include "app/terminal.h"
#include "base/sync.h"

namespace hf {

enum class Format : uint8_t { Text, Json, Jsonl };

struct OutOptions {
  Format format = Format::Text;
  bool quiet = false;
  bool verbose = false;
  bool show_detail = false;
};

// Safe to use from several threads.
class Out {
 public:
  Out(Terminal& terminal, Clock& clock) : terminal_(terminal), clock_(clock) {}
  void configure(const OutOptions& options) { options_ = options; }

  bool is_text() const { return options_.format == Format::Text; }
  bool is_quiet() const { return options_.quiet; }
  bool is_verbose() const { return options_.verbose; }

  void print(std::string_view line);                          // text: a line of the result
  void say(std::string_view line);                            // text, unless quiet: a line of the summary
  void remark(std::string_view line);                         // standard error, unless quiet
  void warn(std::string_view line);                           // standard error, always
  void raw(BytesView bytes);                                  // standard output, as it is
  void document(const JsonObject& body);                      // json: the document; jsonl: the summary
  void event(std::string_view name, const JsonObject& body);  // jsonl only
  void error(const Error& error, Exit exit);

  // The first failed write to standard output, if there was one.
  Status finish();
  bool is_broken() {
    return failure_.with([](const auto& failure) { return failure.has_value(); });
  }

 private:
  void put(std::string_view text, bool flush);

  Terminal& terminal_;
  Clock& clock_;
  OutOptions options_;
  Guarded<std::optional<Error>> failure_;
};

JsonObject error_document(const Error& error, Exit exit);

}  // namespace hf
