// Rows of the benchmark: what was measured in each round, its reference, and whether the target is met.
#pragma once

#include <string>
#include <vector>

namespace forebay::bench {

double median(std::vector<double> values);
double quantile(std::vector<double> values, double q);
double spread(const std::vector<double>& values);  // (largest - smallest) / median

struct Row {
  std::string name;    // for bench.json
  std::string figure;  // for people
  std::string unit;
  std::vector<double> ours;       // one a round
  std::vector<double> reference;  // one a round, measured between those; empty: the target is absolute
  std::string reference_name;
  double target = 0;     // of the ratio where there is a reference, else of the figure itself
  bool at_least = true;  // false: at most
  double stretch = 0;    // 0: none
  std::string note;

  double value() const;  // what the target is about: the median of the rounds' ratios, or the median
  bool met() const;
};

struct Options {
  std::string forebay, directory;
  int rounds = 5;
  bool long_run = false;
};

std::string table(const std::vector<Row>& rows);
std::string json(const std::vector<Row>& rows);

}  // namespace forebay::bench
