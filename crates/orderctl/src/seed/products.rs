//! The demo's goods: where they lie, what they cost, how many there are.

/// (code, name, priority)
pub const WAREHOUSES: [(&str, &str, i32); 2] = [("EAST", "Newark, New Jersey", 1), ("WEST", "Reno, Nevada", 2)];

pub struct Goods {
    pub sku: &'static str,
    pub name: &'static str,
    pub price_minor: i64,
    /// Pieces in each warehouse, in the order of [`WAREHOUSES`].
    pub pieces: [u32; WAREHOUSES.len()],
}

/// Prices in US cents.
pub const GOODS: [Goods; 13] = [
    goods("SKU-HEADPHONES", "Wireless headphones", 19_900, [5_000, 5_000]),
    goods("SKU-KEYBOARD", "Mechanical keyboard", 12_900, [2_000, 1_000]),
    goods("SKU-MOUSE", "Wireless mouse", 4_900, [3_000, 3_000]),
    goods("SKU-MONITOR", "27 inch monitor", 34_900, [400, 250]),
    goods("SKU-WEBCAM", "Webcam, 1080p", 7_900, [800, 0]),
    goods("SKU-MICROPHONE", "USB microphone", 9_900, [0, 600]),
    goods("SKU-SPEAKER", "Portable speaker", 5_900, [1_500, 1_500]),
    goods("SKU-CHARGER", "65 W charger", 3_900, [4_000, 4_000]),
    goods("SKU-CABLE", "USB-C cable, 2 m", 1_290, [10_000, 10_000]),
    goods("SKU-HUB", "USB-C hub, 7 ports", 6_490, [900, 900]),
    goods("SKU-STAND", "Laptop stand", 4_290, [700, 300]),
    goods("SKU-BACKPACK", "Backpack, 22 l", 8_900, [350, 350]),
    goods(SOLD_OUT, "Film camera, 1971", 89_900, [0, 0]),
];

/// On offer, and not to be had.
pub const SOLD_OUT: &str = "SKU-CAMERA";

const fn goods(sku: &'static str, name: &'static str, price_minor: i64, pieces: [u32; WAREHOUSES.len()]) -> Goods {
    Goods { sku, name, price_minor, pieces }
}
