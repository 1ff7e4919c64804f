-- UTC was what an unset time zone was stored as; now it means UTC. A site that had it goes on with the zone of its calendar, as before.
update sites set settings = replace(replace(settings, ',"time_zone":"UTC"', ''), '"time_zone":"UTC",', '')
    where settings like '%"time_zone":"UTC"%';
