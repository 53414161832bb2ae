#include "doors/admin/front_page.h"

namespace forebay {

std::string_view front_page() {
  return R"(<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Forebay</title>
<h1>Forebay</h1>
<ul>
<li><a href="/v1/status">/v1/status</a>: what waits, why, and until when</li>
<li><a href="/v1/queues">/v1/queues</a>: the queues</li>
<li><a href="/v1/sinks">/v1/sinks</a>: the sinks and their limits</li>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="/readyz">/readyz</a>: does it take messages in?</li>
<li><a href="/healthz">/healthz</a>: is it alive?</li>
</ul>
</html>
)";
}

}  // namespace forebay
