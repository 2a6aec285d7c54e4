//! Settings of the third gateway.

#[derive(Debug, Clone, clap::Args)]
pub struct ThirdGatewayArgs {
    /// Secret key of the account at the gateway. Without it the gateway is not started.
    #[arg(long)]
    pub third_gateway_key: Option<String>,
}
