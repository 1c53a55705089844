#include "pg/selection.h"

#include <algorithm>
#include <map>

#include "sys/entry.h"

namespace hf {
namespace {

bool is_one_of(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// What stands for itself when a whole schema is chosen, and is then made complete by what belongs to it.
bool is_chosen_with_schema(std::string_view type) {
  return !is_one_of(type, {"INDEX",
                           "CONSTRAINT",
                           "FK CONSTRAINT",
                           "CHECK CONSTRAINT",
                           "TRIGGER",
                           "RULE",
                           "POLICY",
                           "DEFAULT",
                           "COMMENT",
                           "ACL",
                           "SEQUENCE SET",
                           "SEQUENCE OWNED BY",
                           "TABLE DATA",
                           "ROW SECURITY",
                           "TABLE ATTACH",
                           "INDEX ATTACH",
                           "SECURITY LABEL",
                           "STATISTICS",
                           "PUBLICATION TABLE",
                           "MATERIALIZED VIEW DATA"});
}

// The archive's list may have a part of the owner behind the name.
bool is_called(const PgArchiveItem& item, std::string_view name) {
  return item.name == name || item.name.starts_with(std::string(name) + " ");
}

// "sales.orders" is "orders" in schema "sales"; in another it is nothing.
std::string in_schema(std::string_view wanted, const std::string& schema) {
  return wanted.starts_with(schema + ".") ? std::string(wanted.substr(schema.size() + 1)) : "\n";
}

// What is nothing without the object it is about.
bool belongs(std::string_view type) {
  return !is_chosen_with_schema(type) && !is_one_of(type, {"PUBLICATION TABLE"});
}

class Selecting {
 public:
  Selecting(const std::vector<PgArchiveItem>& items, const PgToc& toc) : items_(items), toc_(toc) {
    for (const PgArchiveItem& item : items_) by_id_[item.id] = &item;
  }

  Result<PgSelected> run(const PgSelection& selection) {
    for (const std::string& schema : selection.schemas) HF_TRY(choose_schema(schema));
    for (const std::string& table : selection.tables) HF_TRY(choose_table(table));
    add_owned_sequences();
    // What belongs to the chosen may need more, which then is only needed, and brings nothing with it.
    for (const PgArchiveItem& item : items_)
      if (belongs(item.type) && is_about_chosen(item)) add_belonging(item);
    std::sort(selected_.left_out.begin(), selected_.left_out.end());
    return std::move(selected_);
  }

 private:
  void choose(const PgArchiveItem& item) {
    chosen_.insert(item.id);
    need(item);
  }

  // With all that must be there before.
  void need(const PgArchiveItem& item) {
    if (!selected_.items.insert(item.id).second) return;
    for (const int id : item.needs)
      if (const auto found = by_id_.find(id); found != by_id_.end()) need(*found->second);
  }

  Status choose_schema(const std::string& schema) {
    bool is_there = false;
    for (const PgArchiveItem& item : items_) {
      const bool is_itself = item.type == "SCHEMA" && is_called(item, schema);
      if (!is_itself && (item.schema != schema || !is_chosen_with_schema(item.type))) continue;
      is_there = true;
      choose(item);
    }
    for (const PgTocTable& table : toc_.tables) {
      if (table.schema != schema) continue;
      is_there = true;
      add_rows(table);
    }
    if (is_there) return {};
    return Error(Code::NotFound,
                 "the point has no schema " + printable(schema) + " in database " + printable(toc_.database));
  }

  Status choose_table(const std::string& wanted) {
    bool is_there = false;
    for (const PgTocTable& table : toc_.tables) {
      if (wanted != table.schema + "." + table.name && wanted != table.name) continue;
      is_there = true;
      add_rows(table);
    }
    for (const PgArchiveItem& item : items_) {
      if (!is_one_of(item.type, {"TABLE", "MATERIALIZED VIEW", "VIEW", "FOREIGN TABLE"}) ||
          !(is_called(item, wanted) || is_called(item, in_schema(wanted, item.schema))))
        continue;
      is_there = true;
      choose(item);
      choose_partitions(item);
    }
    if (is_there) return {};
    return Error(Code::NotFound,
                 "the point has no table " + printable(wanted) + " in database " + printable(toc_.database))
        .with_hint("write it as SCHEMA.TABLE, without quotes; holdfast show POINT lists the tables");
  }

  // Of a partitioned table, or one with children: they hold its rows.
  void choose_partitions(const PgArchiveItem& parent) {
    for (const PgArchiveItem& item : items_) {
      if (item.type != "TABLE" || chosen_.contains(item.id) ||
          std::find(item.needs.begin(), item.needs.end(), parent.id) == item.needs.end())
        continue;
      choose(item);
      for (const PgTocTable& table : toc_.tables)
        if (table.schema == item.schema && is_called(item, table.name)) add_rows(table);
      choose_partitions(item);
    }
  }

  void add_rows(const PgTocTable& table) {
    if (std::find(selected_.tables.begin(), selected_.tables.end(), &table) == selected_.tables.end())
      selected_.tables.push_back(&table);
  }

  // Those of serial and identity columns: they need their table, as a thing that belongs to it does.
  void add_owned_sequences() {
    for (const PgArchiveItem& item : items_)
      if (item.type == "SEQUENCE" && is_about_chosen(item)) choose(item);
    // A serial's sequence is there before its table's default, which needs both.
    for (const PgArchiveItem& item : items_)
      if (item.type == "DEFAULT" && is_about_chosen(item))
        for (const int id : item.needs)
          if (const auto found = by_id_.find(id); found != by_id_.end() && found->second->type == "SEQUENCE")
            choose(*found->second);
  }

  bool is_about_chosen(const PgArchiveItem& item) const {
    if (std::any_of(item.needs.begin(), item.needs.end(), [&](int id) { return chosen_.contains(id); })) return true;
    // Values of sequences and comments on what belongs, as on an index.
    return std::any_of(item.needs.begin(), item.needs.end(), [&](int id) { return belonging_.contains(id); });
  }

  void add_belonging(const PgArchiveItem& item) {
    // What makes a view of what was a table until then, and the key of another table, are not the chosen ones'.
    if (item.type == "RULE" && item.name.ends_with(" _RETURN") && !is_of_chosen(item)) return;
    if (item.type == "FK CONSTRAINT" && !is_of_chosen(item)) return;
    if (item.type == "FK CONSTRAINT" && !has_both_tables(item)) {
      selected_.left_out.push_back("foreign key " + item.name + ": it refers to a table that is not chosen");
      return;
    }
    belonging_.insert(item.id);
    need(item);
  }

  // By its name: "table constraint".
  bool is_of_chosen(const PgArchiveItem& item) const {
    return std::any_of(chosen_.begin(), chosen_.end(), [&](int id) {
      const PgArchiveItem& owner = *by_id_.at(id);
      return owner.schema == item.schema && item.name.starts_with(owner.name + " ");
    });
  }

  // Its own table and the other's are chosen.
  bool has_both_tables(const PgArchiveItem& key) const {
    return std::all_of(key.needs.begin(), key.needs.end(), [&](int id) {
      const auto found = by_id_.find(id);
      return found == by_id_.end() || found->second->type != "TABLE" || chosen_.contains(id);
    });
  }

  const std::vector<PgArchiveItem>& items_;
  const PgToc& toc_;
  std::map<int, const PgArchiveItem*> by_id_;
  std::set<int> chosen_, belonging_;
  PgSelected selected_;
};

}  // namespace

Result<PgSelected> select_items(const std::vector<PgArchiveItem>& items, const PgToc& toc,
                                const PgSelection& selection) {
  return Selecting(items, toc).run(selection);
}

}  // namespace hf
