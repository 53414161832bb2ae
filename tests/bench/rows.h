// The measurements, by what they look at. Each starts and ends its own servers and alternates with its
// reference.
#pragma once

#include <vector>

#include "measure.h"

namespace forebay::bench {

std::vector<Row> accept_rows(const Options& options);    // publishing against the bare disk and Redis
std::vector<Row> tls_rows(const Options& options);       // publishing with TLS and a token against without
std::vector<Row> topic_rows(const Options& options);     // fan-out to eight queues against one
std::vector<Row> pull_rows(const Options& options);      // lease and ack
std::vector<Row> stream_rows(const Options& options);    // thousands of live readers
std::vector<Row> store_rows(const Options& options);     // memory per waiting message, restart after kill -9
std::vector<Row> deliver_rows(const Options& options);   // rate through the HTTP sink, bytes written
std::vector<Row> idle_rows(const Options& options);      // accept to arrival on an idle relay
std::vector<Row> shape_rows(const Options& options);     // 300/s against nginx limit_req
std::vector<Row> overload_rows(const Options& options);  // a hundred times the limit

}  // namespace forebay::bench
