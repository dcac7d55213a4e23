//! What is told of requests to an OpenTelemetry collector, by OTLP over HTTP: one span for each, in the
//! trace of whoever sent it (W3C Trace Context).

use std::sync::Mutex;

use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{Span as _, SpanKind, Status, Tracer, TracerProvider},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider, Span},
};

const SERVICE: &str = "rollcall";
const HEADERS: [&str; 2] = ["traceparent", "tracestate"];

/// Spans go nowhere where no collector is set.
pub struct Traces(Option<Collector>);

struct Collector {
    tracer: SdkTracer,
    provider: Mutex<Option<SdkTracerProvider>>,
}

impl Traces {
    /// `endpoint` is the base URL of a collector; none when empty.
    pub fn new(endpoint: &str, version: &'static str) -> Result<Self, String> {
        if endpoint.is_empty() {
            return Ok(Self(None));
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()
            .map_err(|err| err.to_string())?;
        let resource = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(KeyValue::new("service.version", version))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(Some(Collector {
            tracer: provider.tracer(SERVICE),
            provider: Mutex::new(Some(provider)),
        })))
    }

    /// A request has come. `header` gives its headers by name.
    pub fn begin<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        method: &'static str,
        route: &str,
    ) -> Option<Request> {
        let collector = self.0.as_ref()?;
        let sent = Sent(HEADERS.map(|name| header(name).map(str::to_owned)));
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &sent);
        let attributes = [
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.route", route.to_owned()),
        ];
        let span = collector
            .tracer
            .span_builder(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes(attributes);
        Some(Request(span.start_with_context(&collector.tracer, &parent)))
    }

    /// Send what has not been sent yet. Blocks the thread.
    pub fn stop(&self) {
        let Some(collector) = &self.0 else { return };
        let provider = collector.provider.lock();
        let provider = provider.ok().and_then(|mut provider| provider.take());
        if let Some(Err(err)) = provider.map(|provider| provider.shutdown()) {
            tracing::warn!(error = %err, "the last spans were not sent");
        }
    }
}

/// The span of a request under way.
pub struct Request(Span);

impl Request {
    pub fn end(mut self, status: u16) {
        let code = KeyValue::new("http.response.status_code", i64::from(status));
        self.0.set_attribute(code);
        if status >= 500 {
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// The headers of a trace context.
struct Sent([Option<String>; 2]);

impl Extractor for Sent {
    fn get(&self, key: &str) -> Option<&str> {
        let at = HEADERS.iter().position(|name| *name == key)?;
        self.0[at].as_deref()
    }

    fn keys(&self) -> Vec<&str> {
        HEADERS.to_vec()
    }
}
