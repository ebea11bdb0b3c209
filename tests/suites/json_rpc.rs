//! The exchanges that the execution API of Ethereum specifies: JSON-RPC as servers of it speak it.

use crate::suite::{Case, Suite};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use tower_clients::{
    JsonRpc,
    rpc::{ProtocolError, RpcError},
};
use tower_clients_mock::{Mock, Reply};

/// Nothing differs. What is expected is in each exchange.
pub(crate) const SUITE: Suite<Row, ()> =
    Suite::new(&["execution-apis/jsonrpc-exchanges.json"], case, judge);

#[derive(Deserialize)]
pub(crate) struct Row {
    file: String,
    exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
struct Exchange {
    request: Value,
    response: Value,
}

fn case(row: Value) -> serde_json::Result<Option<Case<Row, ()>>> {
    let row: Row = serde_json::from_value(row)?;
    Ok(Some(Case { label: row.file.clone(), expected: (), input: row }))
}

fn judge(row: &Row, (): &()) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    row.exchanges.iter().try_for_each(|exchange| runtime.block_on(exchange.replay()))
}

impl Exchange {
    async fn replay(&self) -> Result<(), Failed> {
        let Self { request, response } = self;
        let mock = Mock::new().reply(Reply::json(response)).reply(Reply::json(response));
        let rpc = JsonRpc::with_service("http://h", mock.clone())?;
        let method = request["method"].as_str().ok_or("there is no method")?;
        let result = rpc.call::<Value>(method, &request["params"]).await;
        let sent: Value = serde_json::from_slice(mock.requests()[0].body())?;
        if sent != *request {
            return Err(format!("sent {sent}").into());
        }
        let error = &response["error"];
        match result {
            Ok(result) if error.is_null() && result == response["result"] => {}
            Ok(_) => return Err("the result is another one".into()),
            Err(failed) => {
                let found: &RpcError = failed.find_source().ok_or_else(|| format!("{failed:#}"))?;
                let is_same = Some(found.code()) == error["code"].as_i64()
                    && Some(found.message()) == error["message"].as_str()
                    && found.data() == error.get("data");
                if !is_same {
                    return Err("the error is another one".into());
                }
            }
        }
        // The second call has another id than the answer.
        let stale = rpc.call::<Value>(method, &request["params"]).await;
        match stale.as_ref().err().and_then(|error| error.find_source()) {
            Some(ProtocolError::Foreign) => Ok(()),
            _ => Err("the answer to another call is taken".into()),
        }
    }
}
