#include "measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace forebay::bench {
namespace {

std::string number(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 1000 ? 0 : size >= 10 ? 1 : 3);
}

std::vector<double> ratios(const Row& row) {
  std::vector<double> all;
  for (size_t i = 0; i < std::min(row.ours.size(), row.reference.size()); ++i) {
    all.push_back(row.reference[i] > 0 ? row.ours[i] / row.reference[i] : 0);
  }
  return all;
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto place = static_cast<size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::clamp<size_t>(place, 1, values.size()) - 1];
}

double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

double spread(const std::vector<double>& values) {
  const double middle = median(values);
  if (values.empty() || middle == 0) return 0;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return (*most - *least) / middle;
}

double Row::value() const {
  return reference.empty() ? median(ours) : median(ratios(*this));
}
bool Row::met() const {
  return at_least ? value() >= target : value() <= target;
}

std::string table(const std::vector<Row>& rows) {
  std::string out = fmt::format("{:<44}{:>12} {:<11}{:>12}  {:<24}{:>8}{:>9}  {:<17}{}\n", "figure", "ours", "unit",
                                "reference", "", "ratio", "spread", "target", "");
  for (const Row& row : rows) {
    const bool has_reference = !row.reference.empty();
    const auto& judged = has_reference ? ratios(row) : row.ours;
    const std::string stretch = row.stretch > 0 ? " (" + number(row.stretch) + ")" : "";
    out += fmt::format("{:<44}{:>12} {:<11}{:>12}  {:<24}{:>8}{:>8.0f}%  {:<17}{}{}\n", row.figure,
                       number(median(row.ours)), row.unit, has_reference ? number(median(row.reference)) : "",
                       row.reference_name, has_reference ? number(row.value()) : "", spread(judged) * 100,
                       (row.at_least ? ">= " : "<= ") + number(row.target) + stretch, row.met() ? "met" : "MISSED",
                       row.note.empty() ? "" : "  " + row.note);
  }
  return out;
}

std::string json(const std::vector<Row>& rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const Row& row : rows) {
    all.push_back({{"name", row.name},
                   {"figure", row.figure},
                   {"unit", row.unit},
                   {"rounds", row.ours},
                   {"reference", row.reference},
                   {"reference_name", row.reference_name},
                   {"value", row.value()},
                   {"target", row.target},
                   {"at_least", row.at_least},
                   {"stretch", row.stretch},
                   {"met", row.met()},
                   {"note", row.note}});
  }
  return nlohmann::json({{"rows", all}}).dump(2) + "\n";
}

}  // namespace forebay::bench
