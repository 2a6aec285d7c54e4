//! Why a customer returns goods. Messages and returns share it.

crate::string_enum! {
    pub enum ReturnReason {
        Damaged,
        WrongItem,
        NotAsDescribed,
        NoLongerWanted,
        Other,
    }
}
