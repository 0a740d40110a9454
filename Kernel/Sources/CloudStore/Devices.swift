import CloudCore

/// What networking asks of compute, as `Cabling` is what compute asks of networking: cards for devices, by their ids.
public protocol Devices: Sendable {
    /// Gives a project's device a further card: `make` makes its port, which it is told the mark of.
    ///
    /// `missing` where the project has no such device, `conflict` where it may not be changed now, `overQuota` where
    /// it has as many as fit beside `count` others.
    func addCard(
        to device: String, of project: ProjectID, beside count: Int, for caller: Caller, dice: any Dice,
        in writer: any Writer, _ make: (_ mark: String) throws(CloudError) -> Void
    ) throws(CloudError)
    /// Has the card of a port taken out of a device, as its owner asks: `conflict` where it may not be changed now.
    func removeCard(
        _ port: String, from device: String, for caller: Caller, dice: any Dice, in writer: any Writer
    ) throws(CloudError)
    /// The same whatever the device's owner says, as soon as the device can let go of it: to be asked again until then.
    func expelCard(_ port: String, from device: String, dice: any Dice, in writer: any Writer) throws(CloudError)
    /// Whether a device runs, so that its cards are to carry packets.
    func isRunning(_ device: String, in reader: any Reader) throws(CloudError) -> Bool
}
