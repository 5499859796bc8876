//! Looks that take as long as the file is long, such as a walk along the chain of the audit: one at a time, and none that
//! nobody waits for.

use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use till::domain::actor::Actor;
use till::error::Error;
use till::shop::audit;

use crate::app::TestApp;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(30);

/// NET-01: a look as long as the file is over as soon as nobody waits for it, and until then no other begins.
#[test]
fn a_walk_that_nobody_waits_for_ends() {
    let app = TestApp::start();
    let (tell, told) = mpsc::channel();
    let began = tell.clone();
    let mut walk = Box::pin(app.app().read_alone(move |_, is_wanted| {
        began.send("began").unwrap();
        while is_wanted() {
            std::thread::yield_now();
        }
        Ok(())
    }));
    assert!(poll(&app, walk.as_mut()).is_pending());
    assert_eq!(told.recv_timeout(LONG), Ok("began"));
    drop(walk);
    // The turn comes back with its end.
    let next = app.app().read_alone(move |_, _| Ok(()));
    app.block_on(async { tokio::time::timeout(LONG, next).await.unwrap().unwrap() });

    // One that does not ask keeps its turn though its caller has gone.
    let (release, released) = mpsc::channel::<()>();
    let began = tell.clone();
    let mut walk = Box::pin(app.app().read_alone(move |_, _| {
        began.send("began").unwrap();
        released.recv_timeout(LONG).unwrap();
        Ok(())
    }));
    assert!(poll(&app, walk.as_mut()).is_pending());
    assert_eq!(told.recv_timeout(LONG), Ok("began"));
    drop(walk);
    let mut next = Box::pin(app.app().read_alone(move |_, _| {
        tell.send("two at once").unwrap();
        Ok(())
    }));
    assert!(poll(&app, next.as_mut()).is_pending());
    assert!(told.recv_timeout(Duration::from_millis(100)).is_err());
    release.send(()).unwrap();
    app.block_on(async { tokio::time::timeout(LONG, next).await.unwrap().unwrap() });
}

/// Looks once at what is under way.
fn poll<T>(app: &TestApp, mut work: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    app.block_on(std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))))
}

/// NET-01: the verb ends with the one who asks for it, and says so.
#[test]
fn a_walk_breaks_off_when_it_is_told_to() {
    let app = TestApp::start();
    for sku in ["MUG", "CUP", "JUG"] {
        app.product(sku, "4.50", 10);
    }
    let key = app.app().keys().audit;
    let walked = |most: u64| {
        let look = app
            .app()
            .store()
            .read(|db| audit::verify(db, &Actor::system(), &key, None, |rows| rows < most));
        look.map(|verdict| verdict.rows)
    };
    assert!(matches!(walked(2), Err(Error::Timeout)));
    assert!(walked(u64::MAX).unwrap() > 3);
}
