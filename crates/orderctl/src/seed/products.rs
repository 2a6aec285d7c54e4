//! The demo's warehouses and products, with prices and initial stock.

/// (code, name, priority, region)
pub const WAREHOUSES: [(&str, &str, i32, &str); 2] =
    [("EAST", "Newark, New Jersey", 1, "NJ"), ("WEST", "Reno, Nevada", 2, "NV")];
/// Where they are.
pub const COUNTRY: &str = "US";

pub struct DemoProduct {
    pub sku: &'static str,
    pub name: &'static str,
    pub price_minor: i64,
    /// Units in each warehouse, in the order of [`WAREHOUSES`].
    pub quantities: [u32; WAREHOUSES.len()],
}

/// Prices in US cents.
pub const PRODUCTS: [DemoProduct; 14] = [
    product("SKU-HEADPHONES", "Wireless headphones", 19_900, [5_000, 5_000]),
    product("SKU-KEYBOARD", "Mechanical keyboard", 12_900, [2_000, 1_000]),
    product("SKU-MOUSE", "Wireless mouse", 4_900, [3_000, 3_000]),
    product("SKU-MONITOR", "27 inch monitor", 34_900, [400, 250]),
    product("SKU-WEBCAM", "Webcam, 1080p", 7_900, [800, 0]),
    product("SKU-MICROPHONE", "USB microphone", 9_900, [0, 600]),
    product("SKU-SPEAKER", "Portable speaker", 5_900, [1_500, 1_500]),
    product("SKU-CHARGER", "65 W charger", 3_900, [4_000, 4_000]),
    product("SKU-CABLE", "USB-C cable, 2 m", 1_290, [10_000, 10_000]),
    product("SKU-HUB", "USB-C hub, 7 ports", 6_490, [900, 900]),
    product("SKU-STAND", "Laptop stand", 4_290, [700, 300]),
    product("SKU-BACKPACK", "Backpack, 22 l", 8_900, [350, 350]),
    product(SOLD_OUT, "Film camera, 1971", 89_900, [0, 0]),
    // The simulated carrier refuses it.
    product("SIM-REFUSED-BATTERY", "Lithium battery, loose", 2_900, [100, 100]),
];

/// A product without stock.
pub const SOLD_OUT: &str = "SKU-CAMERA";

const fn product(
    sku: &'static str,
    name: &'static str,
    price_minor: i64,
    quantities: [u32; WAREHOUSES.len()],
) -> DemoProduct {
    DemoProduct { sku, name, price_minor, quantities }
}
