#include "roomcast/room/recollection.hpp"

#include "roomcast/log/encoder.hpp"
#include "roomcast/room/lane.hpp"
#include "roomcast/room/reading.hpp"

#include <utility>
#include <vector>

namespace roomcast {
namespace {

wire::message message_of(const log::record& r, std::string_view room) noexcept {
  return {.seq = r.seq, .sender = 0, .id = r.sender, .room = room, .name = r.name, .text = r.text, .binary = r.binary, .echo = true, .time = r.time};
}

void write(const std::vector<log::record>& records, const log::encoder& writer, wire::encoding form, std::vector<std::shared_ptr<const log::batch>>& into) {
  wire::encoding_set forms;
  forms.add(form);
  std::shared_ptr<log::batch> last;
  for (const log::record& each : records) {
    const auto m = message_of(each, writer.room());
    if (!last || !log::encoder::fits(*last, m)) {
      last = writer.make(0, m.seq - 1, m.time, forms);
      into.push_back(last);
    }
    writer.add(*last, m);
  }
}

}  // namespace

task<> recall(lane& here, std::string_view room, missing wanted, wish& w) {
  std::uint64_t held = 0;
  if (w.recalled)
    for (const auto& each : w.recalled->batches) held += log::weight_of(*each);
  const std::uint64_t most = here.config().max_lag;
  wanted.max_bytes = most > held ? most - held : 1;
  reading asked{here, room, wanted};
  const reading::result found = co_await asked;
  recollection& all = w.recalled ? *w.recalled : w.recalled.emplace(recollection{.batches = {}, .begin = wanted.after, .end = wanted.after});
  all.end = wanted.before - 1;
  const auto& records = found.what.records;
  if (found.failure || !found.what.whole) {
    all.batches.clear();
    all.begin = records.empty() ? all.end : records.front().seq - 1;
  }
  const log::encoder writer{room, here.shared().format, here.shared().memory};
  write(records, writer, w.form, all.batches);
}

}  // namespace roomcast
