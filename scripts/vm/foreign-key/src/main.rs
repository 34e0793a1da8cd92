//! A FIDO2 key that is not ours, on /dev/uhid: every rule of CTAP2 in it is soft-fido2's. Its person always touches; its
//! PIN is set by the host. Prints `ready` once the kernel has the device.
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use soft_fido2::{
    Authenticator, AuthenticatorCallbacks, AuthenticatorConfig, AuthenticatorOptions, Credential, CredentialRef,
    Result, UpResult, UvResult,
};
use soft_fido2_transport::{Cmd, CommandHandler, CtapHidHandler, Error as TransportError, Packet, UhidDevice};

const AAGUID: [u8; 16] = *b"countersign-test";

#[derive(Default)]
struct Person {
    credentials: Mutex<HashMap<Vec<u8>, Credential>>,
}

impl AuthenticatorCallbacks for Person {
    fn request_up(&self, _info: &str, _user: Option<&str>, rp: &str) -> Result<UpResult> {
        println!("touched for {rp}");
        Ok(UpResult::Accepted)
    }

    // It has no sensor: verification is by PIN alone.
    fn request_uv(&self, _info: &str, _user: Option<&str>, _rp: &str) -> Result<UvResult> {
        Ok(UvResult::Denied)
    }

    fn write_credential(&self, credential: &CredentialRef) -> Result<()> {
        self.credentials.lock().unwrap().insert(credential.id.to_vec(), credential.to_owned());
        Ok(())
    }

    fn read_credential(&self, id: &[u8]) -> Result<Option<Credential>> {
        Ok(self.credentials.lock().unwrap().get(id).cloned())
    }

    fn delete_credential(&self, id: &[u8]) -> Result<()> {
        self.credentials.lock().unwrap().remove(id);
        Ok(())
    }

    fn list_credentials(&self, rp: &str, user: Option<&[u8]>) -> Result<Vec<Credential>> {
        let credentials = self.credentials.lock().unwrap();
        let found = credentials.values().filter(|one| one.rp.id == rp && user.is_none_or(|id| one.user.id == id));
        Ok(found.cloned().collect())
    }

    fn enumerate_rps(&self) -> Result<Vec<(String, Option<String>, usize)>> {
        Ok(Vec::new())
    }

    fn credential_count(&self) -> Result<usize> {
        Ok(self.credentials.lock().unwrap().len())
    }

    fn get_timestamp_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    }
}

struct Cbor(Authenticator<Person>);

impl CommandHandler for Cbor {
    fn handle_command(&mut self, command: Cmd, data: &[u8]) -> soft_fido2_transport::Result<Vec<u8>> {
        if command != Cmd::Cbor {
            return Err(TransportError::InvalidCommand);
        }
        let mut answer = Vec::new();
        self.0.handle(data, &mut answer).map_err(|cause| TransportError::Other(format!("{cause:?}")))?;
        Ok(answer)
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let options = AuthenticatorOptions::new()
        .with_resident_keys(true)
        .with_user_presence(true)
        .with_user_verification(None)
        .with_client_pin(Some(false))
        .with_pin_uv_auth_token(Some(true))
        .with_make_cred_uv_not_required(Some(true));
    let config = AuthenticatorConfig::builder().aaguid(AAGUID).max_credentials(16).options(options).build();
    let key = Authenticator::with_config(Person::default(), config).map_err(|cause| format!("{cause:?}"))?;
    let device = UhidDevice::create_fido_device_with_ids(Some("Foreign FIDO2 key"), Some(0x1234), Some(0x5678), Some(0x100))
        .map_err(|cause| format!("{cause:?}"))?;
    let mut link = CtapHidHandler::new(Cbor(key));
    println!("ready");
    let mut report = [0u8; 64];
    loop {
        match device.read_packet(&mut report) {
            Ok(Some(_)) => {}
            _ => {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
        }
        match link.process_packet(Packet::from_bytes(report)) {
            Ok(packets) => {
                for packet in packets {
                    device.write_packet(packet.as_bytes()).map_err(|cause| format!("{cause:?}"))?;
                }
            }
            Err(cause) => eprintln!("{cause:?}"),
        }
    }
}
